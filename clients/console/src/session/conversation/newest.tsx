import { useRef } from "preact/hooks";
import type { Place } from "./place.js";

/** The way to the newest event, with how many have come since the reader left the end; and what went wrong on the way. */
export function Newest({ place, last, isAtEnd }: { place: Place; last: number; isAtEnd: boolean }) {
  const seen = useRef(last);
  if (isAtEnd) seen.current = last;
  const count = last - seen.current;
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
