import type { Event } from "activity-session/v1/event";
import { useState } from "preact/hooks";
import { sizeOf, useBlobUrl } from "./blob.js";
import { Bytes, Save } from "./bytes.js";
import { useFold } from "./folded.js";

/** A picture in a box of one size, so that nothing moves when it is loaded; the box opens to the whole of it. */
export function Picture({ event, bytes, type }: { event: Event; bytes: Uint8Array; type: string }) {
  const url = useBlobUrl(bytes, type);
  const [isBroken, setBroken] = useState(false);
  const [isLarge, toggle] = useFold(`picture ${event.sequence}`);
  if (isBroken) return <Bytes event={event} bytes={bytes} />;
  return (
    <figure class={isLarge ? "picture picture-large" : "picture"}>
      {url && <img src={url} alt={`Picture in event ${event.sequence}`} onError={() => setBroken(true)} />}
      <figcaption>
        {type}, {sizeOf(bytes)}
        <button type="button" class="more" aria-expanded={isLarge} onClick={toggle}>
          {isLarge ? "Show it smaller" : "Show it larger"}
        </button>
        <Save event={event} bytes={bytes} />
      </figcaption>
    </figure>
  );
}
