const FIRST_MS = 100;
const MAX_MS = 5_000;
const MULTIPLIER = 2;
// The jitter keeps clients that were disconnected together from reconnecting together.
const JITTER = 0.2;

/** Yields pauses in milliseconds without end, which grow from the first one, 100 by default, to 5,000. */
export function* backoff(firstMs = FIRST_MS): Generator<number, never> {
  for (let pause = firstMs; ; pause = Math.min(pause * MULTIPLIER, MAX_MS)) {
    yield pause * (1 - JITTER + 2 * JITTER * Math.random());
  }
}

/** Resolves after that many milliseconds, or as soon as the signal is aborted. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    if (signal?.aborted) wake();
    else signal?.addEventListener("abort", wake);
  });
}
