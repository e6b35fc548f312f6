import type { DescService } from "@bufbuild/protobuf";
import { ChannelCredentials, Client, type ClientOptions } from "@grpc/grpc-js";
import type { Caller, Connection, Token } from "./caller.js";
import { Calls } from "./calls.js";
import { createClient, type ServiceClient } from "./client.js";
import { SafeCalls } from "./requests.js";
import serviceConfig from "./service_config.js";

// gRPC does not retry a larger request; the server accepts none either.
const RETRY_BUFFER_BYTES = 8 * 1024 * 1024;

const OPTIONS: ClientOptions = {
  "grpc.service_config": JSON.stringify(serviceConfig),
  // Otherwise grpc-js asks the DNS for a service config, which would replace this one.
  "grpc.service_config_disable_resolution": 1,
  "grpc.per_rpc_retry_buffer_size": RETRY_BUFFER_BYTES,
  // For all calls of the channel together. By default two such calls would leave no room for others.
  "grpc.retry_buffer_size": 64 * RETRY_BUFFER_BYTES,
  // A dead connection is noticed within 40 s. The server allows a ping every 10 s.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.keepalive_permit_without_calls": 1,
  // A server that has restarted is found within 5 s; by default gRPC waits up to two minutes.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 5_000,
};

/** Options of `connect`. */
export interface ConnectOptions {
  /**
   * Sent with every call as `authorization: Bearer TOKEN`, even without TLS; or a function that returns the token, if
   * there is one now. If the function throws, so does the call.
   */
  token?: Token | undefined;
  /** `true` for the certificate authorities of the system, or credentials of your own. */
  tls?: boolean | ChannelCredentials | undefined;
  /** More options of grpc-js; they override ours. */
  options?: ClientOptions | undefined;
}

/** A connection to a server, or to several servers with one name; all clients share it. */
export class Channel implements Connection {
  readonly #client: Client;
  readonly #calls: Caller;

  constructor(client: Client, token?: Token) {
    this.#client = client;
    this.#calls = new SafeCalls(new Calls(client, token));
  }

  /** Returns the typed client of a generated service. */
  client<S extends DescService>(service: S): ServiceClient<S> {
    return createClient(service, this.#calls);
  }

  /** The address that it connects to, as gRPC writes it: `dns:127.0.0.1:50051`. */
  get target(): string {
    return this.#client.getChannel().getTarget();
  }

  /** Accepts no more calls; those that are under way continue. */
  close(): void {
    this.#client.close();
  }
}

/**
 * Returns a channel that retries calls safely.
 *
 * A call that fails with UNAVAILABLE is retried: up to 5 attempts in about 6 s. A call that changes something carries a
 * `request_id`, so that its effect happens once. A call ends after 30 s, or after a shorter `timeoutMs`; AcquireTurn,
 * which may wait for the turn, and streams end when the caller or the server ends them.
 *
 * @param target an address as in gRPC: `HOST:PORT`, `dns:///NAME:PORT`, `unix:PATH`.
 */
export function connect(target: string, { token, tls = false, options = {} }: ConnectOptions = {}): Channel {
  return new Channel(new Client(target, credentials(tls), { ...OPTIONS, ...options }), token);
}

function credentials(tls: boolean | ChannelCredentials): ChannelCredentials {
  if (typeof tls !== "boolean") return tls;
  return tls ? ChannelCredentials.createSsl() : ChannelCredentials.createInsecure();
}
