/** A way to a server that can be cut: a TCP proxy. */

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { Server } from "../servers.js";

/** A proxy before the HTTP address of a server. */
export interface Proxy {
  /** The address of the console through the proxy. */
  url: string;
  /** Destroys all connections, and returns how many those were. */
  cut: () => number;
}

/** Starts a proxy, for as long as the test runs. */
export async function proxyOf(t: TestContext, { httpAddress }: Server): Promise<Proxy> {
  const [host, port] = httpAddress.split(":") as [string, string];
  const open = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(Number(port), host);
    joined(client, server);
    open.add(client);
    client.on("close", () => open.delete(client));
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const cut = () => [...open].map((client) => client.resetAndDestroy()).length;
  t.after(() => [cut(), proxy.close()]);
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, cut };
}

function joined(one: Socket, other: Socket): void {
  for (const [from, to] of [[one, other], [other, one]] as const) {
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
  }
}
