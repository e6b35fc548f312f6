import type { Span } from "./pages.js";
import { search, spanOf } from "./spans.js";

/** Numbers that a list leaves out. */
export class Holes {
  readonly #spans: readonly Span[];
  /** How many numbers are left out before each span, and at last by all of them. */
  readonly #sums: number[] = [0];

  /** Given a set of numbers. */
  constructor(spans: readonly Span[]) {
    this.#spans = spans;
    for (const { first, last } of spans) this.#sums.push(this.#sums.at(-1)! + last - first + 1);
  }

  /** Returns whether a number is left out. */
  has(number: number): boolean {
    return spanOf(this.#spans, number) !== undefined;
  }

  /** Returns how many numbers before one are left out. */
  before(number: number): number {
    const at = search(this.#spans, ({ last }) => last >= number);
    return this.#sums[at]! + Math.max(0, number - (this.#spans[at]?.first ?? number));
  }

  /** Returns how many numbers from one on are left out. */
  from(number: number): number {
    return this.#sums.at(-1)! - this.before(number);
  }

  /** Returns the number at a place among those that are left, of which the first is at 1. */
  numberAt(place: number): number {
    return place + this.#sums[search(this.#spans, ({ first }, at) => first - 1 - this.#sums[at]! >= place)]!;
  }
}
