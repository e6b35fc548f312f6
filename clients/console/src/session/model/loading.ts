/** Loads what comes into view, by numbers. */

import { signal } from "@preact/signals";
import type { ActivitySessionError } from "activity-session/web";
import type { Event } from "activity-session/v1/event";
import { events } from "../../api.js";
import type { EventLog } from "./log.js";
import { pagesOf, PAGE, type Span } from "./pages.js";
import { failureOf, purgedUpTo } from "./reasons.js";

const AT_ONCE = 2;
const AGAIN_MS = 3_000;

/** Loads pages into a log: those that were wanted last, two at a time. */
export class Loading {
  /** Why a page could not be loaded. It is tried again after three seconds, and by `retry`. */
  readonly failure = signal<ActivitySessionError | undefined>(undefined);
  readonly #running = new Map<number, Promise<void>>();
  #wanted: number[] = [];

  constructor(
    readonly log: EventLog,
    readonly name: string,
    readonly uid: string,
    readonly signal: AbortSignal,
  ) {}

  /** Has the numbers loaded that are in view, instead of those that were wanted before. */
  want(view: readonly number[]): void {
    this.log.keep(view);
    this.#wanted = pagesOf(view);
    if (this.failure.peek() === undefined) this.#next();
  }

  /** Resolves when those numbers are loaded, or cannot be. */
  async load(sequences: readonly number[]): Promise<void> {
    const pages = pagesOf(sequences).filter((page) => this.log.gap(page));
    await Promise.all(pages.map((page) => this.#start(page)));
  }

  /** Tries again what has failed. */
  retry(): void {
    this.failure.value = undefined;
    this.#next();
  }

  #next(): void {
    for (const page of this.#wanted) {
      if (this.#running.size >= AT_ONCE) return;
      if (this.log.gap(page) && !this.#running.has(page)) void this.#start(page);
    }
  }

  #start(page: number): Promise<void> {
    const running = this.#running.get(page) ?? this.#fill(page);
    this.#running.set(page, running);
    return running;
  }

  async #fill(page: number): Promise<void> {
    try {
      for (let gap = this.log.gap(page); gap; gap = this.log.gap(page)) await this.#fetch(gap);
    } catch (error) {
      if (!this.signal.aborted) this.#fail(failureOf(error));
    } finally {
      this.#running.delete(page);
      if (this.failure.peek() === undefined) this.#next();
    }
  }

  async #fetch(gap: Span): Promise<void> {
    try {
      this.#take(gap, await this.#list(gap));
    } catch (error) {
      const first = purgedUpTo(failureOf(error));
      if (first === undefined) throw error;
      this.log.extend({ first, last: this.log.last });
    }
  }

  /** Events are purged from the start, and numbers have no gaps: what has not come was purged. */
  #take(gap: Span, found: Event[]): void {
    const first = Number(found[0]?.sequence ?? gap.last + 1);
    if (first > gap.first) this.log.extend({ first, last: this.log.last });
    this.log.add(found);
  }

  /** With what is out of view: so it is known that all of a page has come, whatever a new mark does meanwhile. */
  async #list({ first, last }: Span): Promise<Event[]> {
    const numbers = { afterSequence: BigInt(first - 1), beforeSequence: BigInt(last + 1), pageSize: PAGE };
    const request = { parent: this.name, uid: this.uid, showSuperseded: true, ...numbers };
    return (await events.listEvents(request, { signal: this.signal })).events;
  }

  #fail(error: ActivitySessionError): void {
    this.failure.value = error;
    setTimeout(() => this.failure.peek() === error && this.retry(), AGAIN_MS);
  }
}
