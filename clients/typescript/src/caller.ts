import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageShape,
} from "@bufbuild/protobuf";
import type { ServiceClient } from "./client.js";

/** A token, or a function that returns the current one, if there is one now. */
export type Token = string | (() => string | undefined | Promise<string | undefined>);

/** Options of one call. */
export interface CallOptions {
  /** The deadline, in milliseconds from now; after it the call fails with DEADLINE_EXCEEDED. */
  timeoutMs?: number | undefined;
  /** When it is aborted, the call is cancelled, and fails with CANCELLED. */
  signal?: AbortSignal | undefined;
}

/** Makes calls, over gRPC or over Connect, and throws `ActivitySessionError` if they fail. */
export interface Caller {
  /** Makes a unary call. */
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): Promise<MessageShape<O>>;

  /** Returns the stream of a call, which is made when the iteration starts. Leaving the iteration cancels the call. */
  serverStreaming<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): AsyncGenerator<MessageShape<O>, void, undefined>;
}

/** What a watch needs of a channel. */
export interface Connection {
  /** Returns the typed client of a generated service. */
  client<S extends DescService>(service: S): ServiceClient<S>;
  /** Where it connects to, for people. */
  readonly target: string;
}

/** Returns the token to send, if there is one. */
export async function current(token: Token | undefined): Promise<string | undefined> {
  return typeof token === "function" ? token() : token;
}
