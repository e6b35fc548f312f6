import { settings } from "../../api.js";
import { useShared } from "../context.js";
import { Purged } from "./rows.js";

/** What is shown where there are no events. */
export function Empty() {
  const { log } = useShared().live;
  return (
    <div class="empty">
      {log.first > 1 && <Purged to={log.first - 1} />}
      <p>{log.first > 1 ? "No event has come since." : "No event has come yet."}</p>
      <p class="quiet">
        {settings.value.writes
          ? "What is appended appears here at once. Append the first one below."
          : "What is appended appears here at once, by any client: the command is under “Copy as” in the About panel."}
      </p>
    </div>
  );
}
