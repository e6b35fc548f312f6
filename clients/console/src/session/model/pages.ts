import type { Event } from "activity-session/v1/event";

/** How many numbers a page has: page 0 those up to 49, page 1 those from 50 to 99, and so on. */
export const PAGE = 50;

/** Numbers from `first` to `last`, both included. */
export interface Span {
  first: number;
  last: number;
}

/** Returns the pages that the numbers are in. */
export function pagesOf(sequences: readonly number[]): number[] {
  return [...new Set(sequences.map((sequence) => Math.floor(sequence / PAGE)))];
}

/** Returns about how many bytes an event takes. */
export function bytesOf({ content }: Event): number {
  return 500 + (content.case === "text" ? 2 * content.value.length : (content.value?.length ?? 0));
}
