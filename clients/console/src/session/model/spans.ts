/** Sets of numbers: spans in order, with at least one number between two of them. */

import type { Span } from "./pages.js";

/** Adds numbers to a set, and returns those of them that were not in it. */
export function add(set: Span[], span: Span): Span[] {
  const start = search(set, ({ last }) => last >= span.first - 1);
  const end = search(set, ({ first }) => first > span.last + 1);
  const met = set.slice(start, end);
  const first = Math.min(span.first, met[0]?.first ?? span.first);
  const last = Math.max(span.last, met.at(-1)?.last ?? span.last);
  set.splice(start, end - start, { first, last });
  return between(span, met);
}

/** Returns the span of a set that a number is in, if one is. */
export function spanOf<T extends Span>(set: readonly T[], number: number): T | undefined {
  const found = set[search(set, ({ last }) => last >= number)];
  return found && found.first <= number ? found : undefined;
}

/** Returns the place of the first of some items for which something holds, as it does for all that come after it. */
export function search<T>(items: readonly T[], holds: (item: T, place: number) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(items[middle]!, middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Returns what is left of a span without those that it meets. */
function between({ first, last }: Span, holes: readonly Span[]): Span[] {
  const firsts = [first, ...holes.map((hole) => hole.last + 1)];
  const lasts = [...holes.map((hole) => hole.first - 1), last];
  return firsts.map((from, at) => ({ first: from, last: lasts[at]! })).filter((span) => span.first <= span.last);
}
