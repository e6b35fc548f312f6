import type { Event } from "activity-session/v1/event";
import { idOf } from "../../shared/names.js";
import { sizeOf, useBlobUrl } from "./blob.js";

// The browser is to save it, whatever it is, and not to open it.
const SAVED = "application/octet-stream";

/** Bytes that are not shown: what they are, and a link to save them. */
export function Bytes({ event, bytes }: { event: Event; bytes: Uint8Array }) {
  return (
    <p class="bytes">
      <span dir="auto">{event.mediaType || "bytes of no given type"}</span>, {sizeOf(bytes)}
      <Save event={event} bytes={bytes} />
    </p>
  );
}

/** A link that saves bytes under the id of their event. */
export function Save({ event, bytes }: { event: Event; bytes: Uint8Array }) {
  const url = useBlobUrl(bytes, SAVED);
  return <a class="save" href={url} download={idOf(event.name)}>Save</a>;
}
