import type { Event } from "activity-session/v1/event";
import { Holes } from "./holes.js";
import type { Span } from "./pages.js";
import { add, spanOf } from "./spans.js";

/** Numbers that a mark has taken out of view. */
interface Piece extends Span {
  by: number;
}

/**
 * The marks of a log, all of which have to be known. A mark holds unless a newer one that holds covers it, so what is out
 * of view is found from the newest on.
 */
export class Marks {
  readonly #covered = new Map<number, Span[]>();
  #known: { pieces: Piece[]; holes: Holes } | undefined;

  /** Takes an event, if it is a mark. */
  add({ sequence, supersession }: Event): void {
    if (!supersession || this.#covered.has(Number(sequence))) return;
    const spans = supersession.ranges.map((one) => ({ first: Number(one.firstSequence), last: Number(one.lastSequence) }));
    this.#covered.set(Number(sequence), spans);
    this.#known = undefined;
  }

  /** Whether there are none. */
  get areNone(): boolean {
    return this.#covered.size === 0;
  }

  /** What is out of view: superseded events, and marks. It is another object once that has changed. */
  get holes(): Holes {
    return this.#all().holes;
  }

  /** Returns the number of the mark that has taken an event out of view, the newest of those that hold; 0 for none. */
  over(sequence: number): number {
    return spanOf(this.#all().pieces, sequence)?.by ?? 0;
  }

  /** Returns how many events from a number on are superseded, marks not among them. */
  countFrom(first: number): number {
    const marks = [...this.#covered.keys()].filter((number) => number >= first).length;
    return this.holes.from(first) - marks;
  }

  #all() {
    return (this.#known ??= this.#workOut());
  }

  #workOut() {
    const numbers = [...this.#covered.keys()].sort((one, other) => other - one);
    const [superseded, pieces]: [Span[], Piece[]] = [[], []];
    for (const by of numbers) {
      if (spanOf(superseded, by)) continue;
      for (const span of this.#covered.get(by)!) pieces.push(...add(superseded, span).map((left) => ({ ...left, by })));
    }
    for (const number of numbers) add(superseded, { first: number, last: number });
    return { pieces: pieces.sort((one, other) => one.first - other.first), holes: new Holes(superseded) };
  }
}
