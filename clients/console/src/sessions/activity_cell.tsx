import type { Session } from "activity-session/v1/session";
import { idOf } from "../shared/names.js";
import { ago, Time } from "../shared/time.js";

/** When the newest event came, and how it begins. */
export function ActivityCell({ session: { lastEventTime, newestEvent } }: { session: Session }) {
  if (!lastEventTime) return <span class="quiet">no events</span>;
  return (
    <>
      {ago(lastEventTime)}
      <small>
        <Time at={lastEventTime} />
      </small>
      {newestEvent?.content.case === "text" && (
        <p class="preview" dir="auto">
          {newestEvent.author && <bdi>{idOf(newestEvent.author)}: </bdi>}
          {newestEvent.content.value}
        </p>
      )}
    </>
  );
}
