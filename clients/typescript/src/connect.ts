import type { DescService } from "@bufbuild/protobuf";
import { ChannelCredentials, Client, type ClientOptions } from "@grpc/grpc-js";
import type { Calls, Token } from "./calls.js";
import { createClient, type ServiceClient } from "./client.js";
import { SafeCalls } from "./requests.js";
import serviceConfig = require("./service_config.json");

// What is larger is sent once and never again; the server takes no larger request either.
const RETRY_BUFFER_BYTES = 8 * 1024 * 1024;

const OPTIONS: ClientOptions = {
  "grpc.service_config": JSON.stringify(serviceConfig),
  // Else grpc-js asks the DNS for a service config, which would replace this one.
  "grpc.service_config_disable_resolution": 1,
  "grpc.per_rpc_retry_buffer_size": RETRY_BUFFER_BYTES,
  // For all calls of the channel together. By default two such calls would leave nothing to the others.
  "grpc.retry_buffer_size": 64 * RETRY_BUFFER_BYTES,
  // A connection that died silently is noticed within 40 s. The server takes a ping every 10 s.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.keepalive_permit_without_calls": 1,
  // A server that restarts is found again within a fraction of the default, which waits up to two minutes.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 5_000,
};

/** Options of `connect`. */
export interface ConnectOptions {
  /**
   * Sent with every call as `authorization: Bearer TOKEN`, also without TLS; or a function that gives the current one.
   * What that throws, the call throws.
   */
  token?: Token | undefined;
  /** `true` for the certificate authorities of the system, or credentials of your own. */
  tls?: boolean | ChannelCredentials | undefined;
  /** More options of grpc-js; they win over ours. */
  options?: ClientOptions | undefined;
}

/** A connection to a server, or to several behind one name, that all clients share. */
export class Channel {
  readonly #client: Client;
  readonly #calls: Calls;

  constructor(client: Client, token?: Token) {
    this.#client = client;
    this.#calls = new SafeCalls(client, token);
  }

  /** The typed client of a generated service. */
  client<S extends DescService>(service: S): ServiceClient<S> {
    return createClient(service, this.#calls);
  }

  /** Takes no more calls; those that are under way go on. */
  close(): void {
    this.#client.close();
  }
}

/**
 * A channel on which calls are retried safely.
 *
 * Calls that fail with UNAVAILABLE are made again, up to 5 times in about 6 s, and each carries a `request_id`, so that
 * its effect is there once. They end after 30 s where the caller gives no shorter `timeoutMs`; AcquireTurn, which may
 * wait for the turn, and streams end when the caller or the server ends them.
 *
 * @param target as gRPC takes it: `HOST:PORT`, `dns:///NAME:PORT`, `unix:PATH`.
 */
export function connect(target: string, { token, tls = false, options = {} }: ConnectOptions = {}): Channel {
  return new Channel(new Client(target, credentials(tls), { ...OPTIONS, ...options }), token);
}

function credentials(tls: boolean | ChannelCredentials): ChannelCredentials {
  if (typeof tls !== "boolean") return tls;
  return tls ? ChannelCredentials.createSsl() : ChannelCredentials.createInsecure();
}
