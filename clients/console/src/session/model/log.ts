/** The events of a session by their numbers, in pages, of which a bounded number is kept. */

import { signal } from "@preact/signals";
import type { Event } from "activity-session/v1/event";
import { Marks } from "./marks.js";
import { bytesOf, pagesOf, PAGE, type Span } from "./pages.js";

const MAX_PAGES = 60;
const MAX_BYTES = 64 * 1024 * 1024;

interface Page {
  events: (Event | undefined)[];
  bytes: number;
}

/** What is known of a session's log. Numbers have no gaps, so that a number is a place in it. */
export class EventLog {
  /** Grows with each change, at most once in a frame: whoever shows events reads it. */
  readonly version = signal(0);
  /** What takes events out of view. */
  readonly marks = new Marks();
  #first = 1;
  #last = 0;
  // In the order of their last use, the oldest first.
  readonly #pages = new Map<number, Page>();
  #scheduled = false;

  /** The number of the oldest event that is there; one more than `last` while there is none. */
  get first(): number {
    return this.#first;
  }

  /** The number of the newest event; 0 while there was none. */
  get last(): number {
    return this.#last;
  }

  /** Returns an event, or undefined if it is not loaded. */
  get(sequence: number): Event | undefined {
    return this.#pages.get(Math.floor(sequence / PAGE))?.events[sequence % PAGE];
  }

  /** Takes events, in any order; one that is there already changes nothing. */
  add(events: Iterable<Event>): void {
    for (const event of events) this.#put(Number(event.sequence), event);
    this.#changed();
  }

  /** Takes marks from anywhere in the log. */
  addMarks(marks: Iterable<Event>): void {
    for (const mark of marks) this.marks.add(mark);
    this.#changed();
  }

  /** Takes the numbers that a session has, which only grow, and returns those that are known now. */
  extend({ first, last }: Span): Span {
    if (first > this.#first || last > this.#last) {
      this.#first = Math.max(first, this.#first);
      this.#last = Math.max(last, this.#last, first - 1);
      this.#forget();
      this.#changed();
    }
    return { first: this.#first, last: this.#last };
  }

  /** Returns the first and the last number of a page that are there and not loaded, or undefined. */
  gap(page: number): Span | undefined {
    const missing = ({ first, last }: Span, step: 1 | -1) => {
      let sequence = step > 0 ? first : last;
      while (first <= sequence && sequence <= last && this.get(sequence)) sequence += step;
      return sequence;
    };
    const there = { first: Math.max(this.#first, page * PAGE), last: Math.min(this.#last, page * PAGE + PAGE - 1) };
    const first = missing(there, 1);
    return first > there.last ? undefined : { first, last: missing(there, -1) };
  }

  /** Lets go of pages that were not used for longest, but of none that has numbers in view. */
  keep(view: readonly number[]): void {
    const used = pagesOf(view);
    for (const number of used) this.#use(number);
    const bytes = () => [...this.#pages.values()].reduce((sum, page) => sum + page.bytes, 0);
    while (this.#pages.size > used.length && (this.#pages.size > MAX_PAGES || bytes() > MAX_BYTES)) {
      this.#pages.delete(this.#pages.keys().next().value!);
    }
  }

  #forget(): void {
    for (const [number, page] of this.#pages) {
      if ((number + 1) * PAGE <= this.#first) this.#pages.delete(number);
      else page.events.fill(undefined, 0, Math.max(0, this.#first - number * PAGE));
    }
  }

  #put(sequence: number, event: Event): void {
    this.#last = Math.max(this.#last, sequence);
    if (sequence < this.#first) return;
    this.marks.add(event);
    const number = Math.floor(sequence / PAGE);
    const page = this.#pages.get(number) ?? { events: new Array<Event | undefined>(PAGE).fill(undefined), bytes: 0 };
    if (!page.events[sequence % PAGE]) page.bytes += bytesOf(event);
    page.events[sequence % PAGE] ??= event;
    this.#pages.set(number, page);
  }

  #use(number: number): void {
    const page = this.#pages.get(number);
    if (!page) return;
    this.#pages.delete(number);
    this.#pages.set(number, page);
  }

  #changed(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.version.value += 1;
    });
  }
}
