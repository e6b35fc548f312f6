import { randomUUID } from "node:crypto";
import type { DescMessage, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { backoff, sleep } from "./backoff.js";
import { Calls, type CallOptions } from "./calls.js";
import { ActivitySessionError } from "./errors.js";

const MAX_ATTEMPTS = 5;

/** Gives each request a request id, and retries a call that a draining server has cancelled before it began. */
export class SafeCalls extends Calls {
  override async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    { timeoutMs = Infinity, signal }: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const identified = withRequestId(request);
    const deadline = Date.now() + timeoutMs;
    const pauses = backoff();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await super.unary(method, identified, { timeoutMs: deadline - Date.now(), signal });
      } catch (error) {
        const pause = pauses.next().value;
        const again = attempt < MAX_ATTEMPTS && Date.now() + pause < deadline && isCancelled(error);
        if (!again || signal?.aborted) throw error;
        await sleep(pause, signal);
      }
    }
  }
}

/** Returns the request with a request id: a copy if it had none, since the caller may use its message again. */
function withRequestId<T extends object>(request: T): T {
  return "requestId" in request && request.requestId === "" ? { ...request, requestId: randomUUID() } : request;
}

function isCancelled(error: unknown): boolean {
  return error instanceof ActivitySessionError && error.code === status.CANCELLED;
}
