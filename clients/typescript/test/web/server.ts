import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { connect, type Channel, type ConnectOptions } from "activity-session/web";

/** What serves one request, whose body has come. */
export type Serve = (response: ServerResponse, request: IncomingMessage, body: Buffer) => void;

/** Returns a channel to a server that serves the n-th request by the n-th function, or by the last one. */
export async function connected(t: TestContext, served: Serve[], options?: ConnectOptions): Promise<Channel> {
  let count = 0;
  const server = createServer(async (request, response) => {
    const serve = served[Math.min(count, served.length - 1)]!;
    count += 1;
    serve(response, request, Buffer.concat(await request.toArray()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
}

/** Responds to a unary call with a message. */
export function respond<T extends DescMessage>(response: ServerResponse, schema: T, message: MessageShape<T>): void {
  response.setHeader("content-type", "application/proto").end(toBinary(schema, message));
}

/** Responds to a unary call with an error. */
export function refuse(response: ServerResponse, code: string): void {
  response.writeHead(503, { "content-type": "application/json" }).end(JSON.stringify({ code, message: "away" }));
}

/** Sends a message of a stream, which goes on. */
export function send<T extends DescMessage>(response: ServerResponse, schema: T, message: MessageShape<T>): void {
  const packed = toBinary(schema, message);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(packed.length, 1);
  if (!response.headersSent) response.setHeader("content-type", "application/connect+proto");
  response.write(Buffer.concat([head, packed]));
}
