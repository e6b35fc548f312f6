import { backoff, sleep } from "./backoff.js";
import type { CallOptions } from "./caller.js";
import type { Code } from "./codes.js";
import { ActivitySessionError } from "./errors.js";

/** After which code a call is sent again, how often it is sent at most, and how long the first pause is. */
export interface Retries {
  code: Code;
  attempts: number;
  firstPauseMs?: number | undefined;
}

/** Sends a call, and again after one code, while its deadline allows it; each attempt has the time that is left. */
export async function retrying<T>(
  send: (options: CallOptions) => Promise<T>,
  { code, attempts, firstPauseMs }: Retries,
  { timeoutMs = Infinity, signal }: CallOptions,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  const pauses = backoff(firstPauseMs);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send({ timeoutMs: deadline - Date.now(), signal });
    } catch (error) {
      const pause = pauses.next().value;
      const again = attempt < attempts && Date.now() + pause < deadline && hasCode(error, code);
      if (!again || signal?.aborted) throw error;
      await sleep(pause, signal);
    }
  }
}

function hasCode(error: unknown, code: Code): boolean {
  return error instanceof ActivitySessionError && error.code === code;
}
