import type { Span } from "../model/pages.js";

/**
 * How many rows a list has at most. With each row that is measured, the places of all below it are reckoned anew: with
 * ten times as many that is felt. Browsers show no page that is higher than about 17 million pixels either.
 */
export const MOST_ROWS = 20_000;

/** Returns which rows of a log the list has: those around one, or the last if `around` is 0. */
export function windowOf({ first, last }: Span, around: number): Span {
  if (!around) return { first: Math.max(first, last - MOST_ROWS + 1), last };
  const start = Math.max(first, Math.min(around - MOST_ROWS / 2, last - MOST_ROWS + 1));
  return { first: start, last: Math.min(last, start + MOST_ROWS - 1) };
}
