import { setTimeout } from "node:timers/promises";

const FIRST_MS = 100;
const MAX_MS = 5_000;
const MULTIPLIER = 2;
// The jitter keeps clients that were disconnected together from reconnecting together.
const JITTER = 0.2;

/** Yields pauses in milliseconds without end, which grow from 100 to 5,000. */
export function* backoff(): Generator<number, never> {
  for (let pause = FIRST_MS; ; pause = Math.min(pause * MULTIPLIER, MAX_MS)) {
    yield pause * (1 - JITTER + 2 * JITTER * Math.random());
  }
}

/** Resolves after that many milliseconds, or as soon as the signal is aborted. */
export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, undefined, { signal }).catch(() => undefined);
}
