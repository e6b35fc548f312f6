import type { DescService } from "@bufbuild/protobuf";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { Caller, Connection } from "../caller.js";
import { createClient, type ServiceClient } from "../client.js";
import { SafeCalls } from "../requests.js";
import { Calls, type ConnectOptions } from "./calls.js";
import { ConfiguredCalls } from "./policy.js";

/** A server that a page calls, over as many connections as the browser makes. */
export class Channel implements Connection {
  /** The base URL, or where that is empty the origin of the page. */
  readonly target: string;
  readonly #calls: Caller;

  constructor(target: string, calls: Caller) {
    this.target = target;
    this.#calls = calls;
  }

  /** Returns the typed client of a generated service. */
  client<S extends DescService>(service: S): ServiceClient<S> {
    return createClient(service, this.#calls);
  }
}

/**
 * Returns a channel that retries calls safely, over Connect.
 *
 * A call that fails with UNAVAILABLE, or that does not reach a server, is retried: up to 5 attempts in about 6 s. A
 * call that changes something carries a `request_id`, so that its effect happens once. A call ends after 30 s, or after
 * a shorter `timeoutMs`; AcquireTurn, which may wait for the turn, and streams end when the caller or the server ends
 * them.
 *
 * @param baseUrl that of the server's HTTP address, such as `https://sessions.example`, or with the path at which a
 *   proxy has it; by default the origin of the page.
 */
export function connect(baseUrl = "", options: ConnectOptions = {}): Channel {
  const transport = createConnectTransport({ baseUrl, useBinaryFormat: true });
  const calls = new SafeCalls(new ConfiguredCalls(new Calls(transport, options)));
  return new Channel(baseUrl || globalThis.origin, calls);
}
