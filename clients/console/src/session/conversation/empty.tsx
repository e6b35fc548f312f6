import { EventService } from "activity-session/v1/event_service";
import { settings } from "../../api.js";
import { CopyAs } from "../../copy/copy_as.js";
import { useShared } from "../context.js";
import { Purged } from "./rows.js";

const FIRST = { type: "message", content: { case: "text" as const, value: "hello" } };

/** What is shown where there are no events. */
export function Empty() {
  const { log, name } = useShared().live;
  if (log.first <= log.last) return <Superseded />;
  return (
    <div class="empty">
      {log.first > 1 && <Purged to={log.first - 1} />}
      <p>{log.first > 1 ? "No event has come since." : "No event has come yet."}</p>
      <p class="quiet">What is appended appears here at once{settings.value.writes ? ", also from below." : ": here is a call that does so."}</p>
      {!settings.value.writes && <CopyAs method={EventService.method.appendEvents} request={{ parent: name, events: [FIRST] }} />}
    </div>
  );
}

function Superseded() {
  return (
    <div class="empty">
      <p>All events are superseded.</p>
      <p class="quiet">They can be shown: see above.</p>
    </div>
  );
}
