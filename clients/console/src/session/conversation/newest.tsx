import { useRef } from "preact/hooks";
import type { Rows } from "../model/rows.js";
import type { Place } from "./place.js";

/** The way to the newest event, with how many have come since the reader left the end; and what went wrong on the way. */
export function Newest({ place, rows, isAtEnd }: { place: Place; rows: Rows; isAtEnd: boolean }) {
  const seen = useRef(rows.log.last);
  if (isAtEnd) seen.current = rows.log.last;
  const count = rows.last + 1 - rows.rowOf(seen.current + 1);
  return (
    <div class="newest">
      <span role="status">{place.notice}</span>
      {!isAtEnd && (
        <button type="button" class="newest-button" onClick={() => place.goToNewest()}>
          {count ? `${count.toLocaleString()} new` : "Newest"} <span aria-hidden="true">↓</span>
        </button>
      )}
    </div>
  );
}
