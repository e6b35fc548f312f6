import type { VirtualItem } from "@tanstack/virtual-core";
import { useShared } from "../context.js";
import type { Place } from "./place.js";
import { Row } from "./row.js";

/** The rows in view, in the place that they have in the whole of the list. */
export function Rows({ place }: { place: Place }) {
  const { list } = place;
  const items = list.getVirtualItems();
  return (
    <div class="rows" style={{ blockSize: `${list.getTotalSize()}px` }}>
      <div class="rows-shown" style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
        {items.map((item) => <Item key={item.key} item={item} place={place} />)}
      </div>
    </div>
  );
}

/**
 * A row, once its event is loaded, and the one before it, which says how it begins. Until then there is a blank of the
 * size that the list reckons with, which is not measured: the first measure of a row moves what is in view by as much.
 */
function Item({ item, place }: { item: VirtualItem; place: Place }) {
  const { log } = useShared().live;
  log.version.value; // a component that reads signals is rendered again only when these, or its properties, change
  const { rows, window } = place;
  const sequence = Number(item.key);
  const row = rows.rowOf(sequence);
  const isFirst = row === rows.first;
  const [event, before] = [log.get(sequence), isFirst ? undefined : log.get(rows.numberOf(row - 1))];
  if (!event || (!before && !isFirst)) return <Waiting sequence={sequence} size={item.size} />;
  return (
    <div key="row" class={place.marked.value === sequence ? "row row-at" : "row"} data-index={item.index} ref={place.list.measureElement}>
      <Above row={row} place={place} />
      <Row event={event} before={before} supersededBy={log.marks.over(sequence)} />
      {row === window.last && row < rows.last && <Beyond to={rows.numberOf(row + 1)} place={place} />}
    </div>
  );
}

function Waiting({ sequence, size }: { sequence: number; size: number }) {
  return <div key="waiting" class="row-waiting" style={{ blockSize: `${size}px` }}>{sequence}</div>;
}

/** What is before the first row of the list: events that were purged, or more than a list can have. */
function Above({ row, place }: { row: number; place: Place }) {
  const { rows, window } = place;
  if (row === rows.first && rows.log.first > 1) return <Purged to={rows.log.first - 1} />;
  if (row !== window.first || row === rows.first) return null;
  return <Beyond to={rows.numberOf(row - 1)} place={place} />;
}

/** The way to events that are not in the list, which has only so many around the reader. */
function Beyond({ to, place }: { to: number; place: Place }) {
  return (
    <button type="button" class="more" onClick={() => void place.goTo(to)}>
      Go on to event {to.toLocaleString()}
    </button>
  );
}

/** Says which events are gone. */
export function Purged({ to }: { to: number }) {
  return (
    <p class="purged">
      {to === 1 ? "Event 1 was purged" : `Events 1 to ${to.toLocaleString()} were purged`}, since they were older than the session keeps them.
    </p>
  );
}
