import { Holes } from "./holes.js";
import type { Span } from "./pages.js";

const NONE = new Holes([]);

/**
 * The rows that a log has in the list, numbered in the order of their events: those before the oldest that is there count
 * too, and where nothing is left out an event has the row of its number.
 */
export class Rows implements Span {
  /** Of the numbers of a log; `holes` are left out. */
  constructor(
    readonly log: Span,
    readonly holes = NONE,
  ) {}

  /** The first row; one more than `last` where there are none. */
  get first(): number {
    return this.rowOf(this.log.first);
  }

  /** The last row. */
  get last(): number {
    return this.rowOf(this.log.last + 1) - 1;
  }

  /** The number of the newest event that has a row. */
  get newest(): number {
    return this.numberOf(this.last);
  }

  /** Returns the row of an event, or of the next one that has a row. */
  rowOf(sequence: number): number {
    return sequence - this.holes.before(sequence);
  }

  /** Returns the number of the event in a row. */
  numberOf(row: number): number {
    return this.holes.numberAt(row);
  }

  /** Returns the row that is nearest to one that may not be there. */
  nearest(row: number): number {
    return Math.max(this.first, Math.min(row, this.last));
  }

  /** Returns the numbers of the events in some rows, of those that are there. */
  numbersOf({ first, last }: Span): number[] {
    const [start, end] = [Math.max(first, this.first), Math.min(last, this.last)];
    return Array.from({ length: Math.max(0, end - start + 1) }, (_, at) => this.numberOf(start + at));
  }
}
