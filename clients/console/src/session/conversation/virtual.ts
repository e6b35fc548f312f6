import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from "@tanstack/virtual-core";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";

/** A list of which only the rows in view are in the page. */
export type List = Virtualizer<HTMLDivElement, HTMLDivElement>;

type Options = Pick<VirtualizerOptions<HTMLDivElement, HTMLDivElement>, "count" | "getScrollElement" | "getItemKey" | "followOnAppend" | "initialOffset">;

/** From how many pixels above its end on a list counts as at the end, and follows what is appended. */
export const AT_END_PX = 32;
/** About a line of text: the height of rows that were never in view. */
export const ROW_PX = 34;
const OVERSCAN = 8;
const END_PX = 12;

/** Returns the list, and renders the component again when other rows come into view. */
export function useList(options: Options): List {
  const [, render] = useReducer<number, void>((count) => count + 1, 0);
  const all = {
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    paddingEnd: END_PX,
    anchorTo: "end" as const,
    scrollEndThreshold: AT_END_PX,
    onChange: () => render(),
    ...options,
  };
  const [list] = useState(() => new Virtualizer(all));
  list.setOptions(all);
  useLayoutEffect(() => list._didMount(), [list]);
  useLayoutEffect(() => list._willUpdate());
  return list;
}
