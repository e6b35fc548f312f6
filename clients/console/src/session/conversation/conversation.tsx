import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { SessionRoute } from "../../routes.js";
import { useKeys } from "../../shared/keys.js";
import { useShared } from "../context.js";
import { PAGE } from "../model/pages.js";
import { Empty } from "./empty.js";
import { moveOf } from "./keys.js";
import { LoadFailure } from "./load_failure.js";
import { Newest } from "./newest.js";
import { Place } from "./place.js";
import { Rows } from "./rows.js";
import { ROW_PX, useList } from "./virtual.js";

/** The log of a session, which opens at its end, or at the event that the route names. */
export function Conversation({ route, children }: { route: SessionRoute; children?: ComponentChildren }) {
  const { live } = useShared();
  live.log.version.value; // this is rendered again when events come
  const [place] = useState(() => new Place(live));
  const scroller = useRef<HTMLDivElement>(null);
  useListAt(place, scroller, route.at);
  useJumps(place, route);
  useKeys(
    { key: "j", does: "goes to the next event, as ↓ does", run: () => place.move({ rows: 1 }) },
    { key: "k", does: "goes to the event before, as ↑ does", run: () => place.move({ rows: -1 }) },
  );
  const { rows } = place;
  const isEmpty = rows.first > rows.last;
  const onKeyDown = (key: KeyboardEvent) => {
    const move = moveOf(key);
    if (!move) return;
    key.preventDefault();
    place.move(move);
  };
  return (
    <section class="conversation" aria-label="Conversation">
      <div class="feed-frame">
        <div class="feed" role={isEmpty ? "region" : "feed"} aria-label="Events" ref={scroller} tabIndex={0} onKeyDown={onKeyDown}>
          {isEmpty ? <Empty /> : <Rows place={place} />}
        </div>
        <LoadFailure />
        <Newest place={place} rows={rows} isAtEnd={place.isAtEnd} />
      </div>
      {children}
    </section>
  );
}

/** Makes the list of the place, and has what is in view loaded. */
function useListAt(place: Place, scroller: { current: HTMLDivElement | null }, at: number): void {
  const { live, rows } = place;
  const { first, last } = place.window;
  place.stay();
  const list = useList({
    count: last - first + 1,
    getScrollElement: () => scroller.current,
    getItemKey: useCallback((index: number) => rows.numberOf(first + index), [first, rows.holes]),
    followOnAppend: last === rows.last,
    // Where the reader will be, so that nothing is loaded that is elsewhere.
    initialOffset: () => ((at ? rows.rowOf(at) : last + 1) - first) * ROW_PX,
  });
  place.list = list;
  useLayoutEffect(() => {
    place.settle();
    const { startIndex, endIndex } = list.range ?? { startIndex: 0, endIndex: -1 };
    // Half a page more than is in view, also beyond the list: how a row begins depends on the one before it.
    const wanted = { first: first + startIndex - PAGE / 2, last: first + endIndex + PAGE / 2 };
    if (endIndex >= 0) live.loading?.want(rows.numbersOf(wanted));
  });
}

/** Goes where the route says, at first and when it changes. */
function useJumps(place: Place, { at, showSuperseded }: SessionRoute): void {
  useEffect(() => {
    if (at) void place.goTo(at);
    else place.goToNewest();
  }, [place, at]);
  useEffect(() => place.goToMissed(), [place, showSuperseded]);
}
