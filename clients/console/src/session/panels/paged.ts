import { signal } from "@preact/signals";
import type { ActivitySessionError } from "activity-session/web";
import { failureOf } from "../model/reasons.js";

const FIRST = 50;
const MOST = 1_000;

/** Asks for a page of at most so many rows. */
export type LoadPage<T> = (page: { pageSize: number; pageToken: string }, signal: AbortSignal) => Promise<{ rows: T[]; nextPageToken: string }>;

/** A list that is loaded page by page. */
export class Paged<T> {
  readonly rows = signal<readonly T[] | undefined>(undefined);
  /** The token of the next page; empty on the last one. */
  readonly next = signal("");
  readonly error = signal<ActivitySessionError | undefined>(undefined);
  readonly #load: LoadPage<T>;
  #stop = new AbortController();

  constructor(load: LoadPage<T>) {
    this.#load = load;
  }

  /** Loads the first page, or as many rows as are shown, which are at most 1,000, in place of them. */
  async refresh(): Promise<void> {
    const count = this.rows.peek()?.length ?? 0;
    await this.#run({ pageSize: Math.min(Math.max(FIRST, count), MOST), pageToken: "" }, []);
  }

  /** Loads the next page. */
  async more(): Promise<void> {
    await this.#run({ pageSize: FIRST, pageToken: this.next.peek() }, this.rows.peek() ?? []);
  }

  /** Ends what is on its way. */
  stop(): void {
    this.#stop.abort();
  }

  async #run(page: { pageSize: number; pageToken: string }, before: readonly T[]): Promise<void> {
    this.stop();
    const { signal } = (this.#stop = new AbortController());
    try {
      const { rows, nextPageToken } = await this.#load(page, signal);
      [this.rows.value, this.next.value, this.error.value] = [[...before, ...rows], nextPageToken, undefined];
    } catch (error) {
      if (!signal.aborted) this.error.value = failureOf(error);
    }
  }
}
