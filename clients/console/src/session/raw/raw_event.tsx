import { toJson } from "@bufbuild/protobuf";
import { EventSchema, type Event } from "activity-session/v1/event";
import { EventService } from "activity-session/v1/event_service";
import { CopyAs } from "../../copy/copy_as.js";
import { Dialog } from "../../shared/dialog.js";
import { pretty } from "../content/json.js";
import { useShared } from "../context.js";
import { EventLink } from "../conversation/event_link.js";
import { Times } from "../conversation/times.js";
import { clipped } from "./clipped.js";

/** The event that was asked for, as the service has it, in a dialog. */
export function RawEvent() {
  const { raw, live } = useShared();
  const event = raw.value;
  if (!event) return null;
  live.log.version.value;
  const supersededBy = BigInt(live.log.marks.over(Number(event.sequence)));
  return (
    <Dialog title={`Event ${event.sequence}`} close={() => (raw.value = undefined)}>
      <Times event={event} />
      <pre class="raw code" tabIndex={0} aria-label={`Event ${event.sequence} as JSON`}>{jsonOf({ ...event, supersededBy })}</pre>
      <p class="raw-ways">
        <CopyAs method={EventService.method.getEvent} request={{ name: event.name }} />
        <span>Link to event <EventLink at={Number(event.sequence)} /></span>
      </p>
    </Dialog>
  );
}

function jsonOf(event: Event): string {
  return pretty(JSON.stringify(toJson(EventSchema, clipped(event))))!;
}
