import { backoff } from "./backoff.js";
import type { ActivitySessionError } from "./errors.js";
import { warn } from "./warnings.js";

/** Called with the error of each failure of a watch; what it throws ends the watch. */
export type OnDisconnect = (error: ActivitySessionError) => void | Promise<void>;

const WARNING_MS = 30_000;

/** The failures of a watch: its caller is told of each; a warning tells of the first, then of at most one in 30 s. */
export class Disconnects {
  readonly #session: string;
  readonly #target: string;
  readonly #onDisconnect: OnDisconnect | undefined;
  #attempts = 0;
  #pauses = backoff();
  #nextWarning = -Infinity;

  constructor(session: string, target: string, onDisconnect?: OnDisconnect) {
    this.#session = session;
    this.#target = target;
    this.#onDisconnect = onDisconnect;
  }

  /** Begins to count again, after a message. */
  forget(): void {
    this.#attempts = 0;
    this.#pauses = backoff();
  }

  /** Tells of a failed attempt, and returns the milliseconds to wait before the next one. */
  async tell(error: ActivitySessionError): Promise<number> {
    await this.#onDisconnect?.(error);
    this.#attempts += 1;
    const pause = this.#pauses.next().value;
    if (performance.now() >= this.#nextWarning) {
      this.#nextWarning = performance.now() + WARNING_MS;
      this.#warn(error, pause);
    }
    return pause;
  }

  #warn({ message }: ActivitySessionError, pause: number): void {
    const attempts = `attempt ${this.#attempts}, the next one in ${(pause / 1000).toFixed(1)} s`;
    warn(`The watch of ${this.#session} at ${this.#target} failed: ${message} (${attempts})`);
  }
}
