import type { Event } from "activity-session/v1/event";

const MOST_BYTES = 3 * 2 ** 14;

/** Returns an event of whose bytes only the first 48 KiB are left, since nobody reads more of them in base64. */
export function clipped(event: Event): Event {
  if (event.content.case !== "blob" || event.content.value.length <= MOST_BYTES) return event;
  return { ...event, content: { case: "blob", value: event.content.value.subarray(0, MOST_BYTES) } };
}
