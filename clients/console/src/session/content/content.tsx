import type { Event } from "activity-session/v1/event";
import { useMemo } from "preact/hooks";
import { Bytes } from "./bytes.js";
import { pictureType, textOf } from "./kinds.js";
import { partsOf, type Part } from "./parts.js";
import { Picture } from "./picture.js";
import { Body } from "./text.js";
import { ToolContent } from "./tool.js";
import { toolsOf } from "./tools.js";

/** What an event says, in the form that fits it. */
export function Content({ event }: { event: Event }) {
  const parts = useMemo(() => partsOf(event), [event]);
  if (parts) return <>{parts.map((part, place) => <PartContent key={place} event={event} part={part} place={place} />)}</>;
  const [tool] = toolsOf(event);
  return tool ? <ToolContent event={event} tool={tool} /> : <Plain event={event} />;
}

function PartContent({ event, part, place }: { event: Event; part: Part; place: number }) {
  if ("tool" in part) return <ToolContent event={event} tool={part.tool} />;
  if ("file" in part) return <FileContent {...part.file} />;
  return <Body id={`part ${event.sequence} ${place}`} text={"text" in part ? part.text : part.unknown} />;
}

/** A file that is elsewhere. No link: whoever wrote the event chose where it would lead. */
function FileContent({ uri, mediaType, name }: { uri: string; mediaType: string; name: string }) {
  return (
    <p class="file">
      <bdi>{name || "A file"}</bdi> {mediaType && <span class="quiet">{mediaType}</span>} <code dir="ltr">{uri}</code>
    </p>
  );
}

/** The content by itself: text, JSON, a picture or other bytes. */
function Plain({ event }: { event: Event }) {
  const text = useMemo(() => textOf(event), [event]);
  if (text !== undefined) return <Body id={`text ${event.sequence}`} text={text} />;
  if (event.content.case !== "blob") return <p class="quiet">This event has no content.</p>;
  const picture = pictureType(event.mediaType);
  const bytes = event.content.value;
  return picture && bytes.length ? <Picture event={event} bytes={bytes} type={picture} /> : <Bytes event={event} bytes={bytes} />;
}
