import {
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { current, type Caller, type CallOptions, type Token } from "../caller.js";
import { checkTexts } from "../texts.js";
import { errorOf } from "./errors.js";

// A timer of a browser that were to run for longer would end at once.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

// A page learns nothing of a dead connection but that nothing comes: it can send no pings, and Connect has none.
// A server sends a bookmark after each 15 s in which there was nothing else to send: three of them have not come.
const QUIET_MS = 45_000;

/** Options of `connect`, and of `Calls`. */
export interface ConnectOptions {
  /**
   * Sent with every call as `authorization: Bearer TOKEN`, even without TLS; or a function that returns the token, if
   * there is one now. If the function throws, so does the call.
   */
  token?: Token | undefined;
  /**
   * After how many milliseconds without a message a stream counts as dead: it fails with UNAVAILABLE, and a watch goes
   * on with another one. 45,000 by default; take three times the `bookmark_interval` of the server if that is not 15 s.
   */
  quietMs?: number | undefined;
}

/** Makes calls by a transport of Connect, without retries, and throws `ActivitySessionError` if they fail. */
export class Calls implements Caller {
  readonly #transport: Transport;
  readonly #token: Token | undefined;
  readonly #quietMs: number;

  constructor(transport: Transport, { token, quietMs = QUIET_MS }: ConnectOptions = {}) {
    this.#transport = transport;
    this.#quietMs = quietMs;
    this.#token = token;
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    { timeoutMs, signal }: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const sent = snapshot(method.input, request);
    const headers = await this.#headers();
    try {
      const timeout = timeoutOf(timeoutMs);
      return (await this.#transport.unary(method, signal, timeout, headers, sent)).message;
    } catch (error) {
      throw errorOf(error, signal);
    }
  }

  async *serverStreaming<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    { timeoutMs, signal }: CallOptions = {},
  ): AsyncGenerator<MessageShape<O>, void, undefined> {
    const sent = createAsyncIterable([snapshot(method.input, request)]);
    const headers = await this.#headers();
    const quiet = new Quiet(this.#quietMs);
    const ends = signal === undefined ? quiet.signal : AbortSignal.any([signal, quiet.signal]);
    try {
      quiet.begin();
      const { message } = await this.#transport.stream(method, ends, timeoutOf(timeoutMs), headers, sent);
      for await (const one of message) {
        quiet.end();
        yield one;
        quiet.begin();
      }
    } catch (error) {
      throw errorOf(error, signal);
    } finally {
      quiet.end();
    }
  }

  async #headers(): Promise<HeadersInit> {
    const token = await current(this.#token);
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }
}

/** The time for which a reader waits for the next message: when it is over, the signal is aborted. */
class Quiet {
  readonly #milliseconds: number;
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  begin(): void {
    const error = new ConnectError(`nothing has come for ${this.#milliseconds / 1000} s`, Code.Unavailable);
    this.#timer = setTimeout(() => this.#controller.abort(error), this.#milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Returns a copy, so that the caller may change its message from now on; throws if the message cannot be packed. */
function snapshot<T extends DescMessage>(schema: T, message: MessageShape<T>): MessageShape<T> {
  checkTexts(schema, message);
  return fromBinary(schema, toBinary(schema, message));
}

/** Returns a timeout as a transport takes it, for which none means without end. */
function timeoutOf(timeoutMs = Infinity): number | undefined {
  if (timeoutMs <= 0) throw new ConnectError("the deadline was over before it was sent", Code.DeadlineExceeded);
  return timeoutMs > LONGEST_TIMEOUT_MS ? undefined : Math.ceil(timeoutMs);
}
