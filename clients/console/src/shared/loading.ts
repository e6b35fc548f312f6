import { signal } from "@preact/signals";
import { ActivitySessionError, Code } from "activity-session/web";

const PAUSE_MS = 3_000;

/** Makes what calls return, with what there is to say of it: that it is on its way, or why it failed. */
export type Load<T> = (signal: AbortSignal) => Promise<T>;

/** What is loaded from the server, now and again. While that cannot be reached, it is tried again by itself. */
export class Loading<T> {
  /** The last that came. */
  readonly value = signal<T | undefined>(undefined);
  /** Why nothing came the last time. */
  readonly error = signal<ActivitySessionError | undefined>(undefined);
  /** Whether it is on its way. */
  readonly isBusy = signal(false);
  #running = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Loads, in place of what is on its way. With `isNew`, what came before does not outlive a failure. */
  async run(load: Load<T>, { isNew = false } = {}): Promise<void> {
    this.stop();
    const running = (this.#running = new AbortController());
    this.isBusy.value = true;
    try {
      const value = await load(running.signal);
      if (!running.signal.aborted) this.#end(value, undefined);
    } catch (error) {
      if (running.signal.aborted) return;
      if (!(error instanceof ActivitySessionError)) throw error;
      this.#end(isNew ? undefined : this.value.value, error);
      if (error.code === Code.UNAVAILABLE) this.#timer = setTimeout(() => void this.run(load, { isNew }), PAUSE_MS);
    }
  }

  /** Ends what is on its way. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#running.abort();
    this.isBusy.value = false;
  }

  #end(value: T | undefined, error: ActivitySessionError | undefined): void {
    this.value.value = value;
    this.error.value = error;
    this.isBusy.value = false;
  }
}
