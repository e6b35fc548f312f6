import type { DescMessage, DescMethodServerStreaming, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import type { Caller, CallOptions } from "./caller.js";
import { Code } from "./codes.js";
import { retrying } from "./retrying.js";

const RETRIES = { code: Code.CANCELLED, attempts: 5 };

/** Gives each request a request id, and retries a call that a draining server has cancelled before it began. */
export class SafeCalls implements Caller {
  readonly #calls: Caller;

  constructor(calls: Caller) {
    this.#calls = calls;
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const identified = withRequestId(request);
    return retrying((left) => this.#calls.unary(method, identified, left), RETRIES, options);
  }

  serverStreaming<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    options?: CallOptions,
  ): AsyncGenerator<MessageShape<O>, void, undefined> {
    return this.#calls.serverStreaming(method, request, options);
  }
}

/** Returns the request with a request id: a copy if it had none, since the caller may use its message again. */
function withRequestId<T extends object>(request: T): T {
  return "requestId" in request && request.requestId === "" ? { ...request, requestId: uuid4() } : request;
}

/** Returns a random UUID; `crypto.randomUUID` is missing in pages that came without TLS from another machine. */
export function uuid4(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
