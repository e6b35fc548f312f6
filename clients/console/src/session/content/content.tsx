import type { Event } from "activity-session/v1/event";
import { useMemo } from "preact/hooks";
import { useShared } from "../context.js";
import { Bytes } from "./bytes.js";
import { pretty } from "./json.js";
import { pictureType, textOf } from "./kinds.js";
import { Picture } from "./picture.js";
import { Text } from "./text.js";
import { counterpart, toolOf } from "./tools.js";
import { ToolCall, ToolResultElsewhere } from "./tool.js";

/** What an event says, in the form that fits it. */
export function Content({ event }: { event: Event }) {
  const { log } = useShared().live;
  const tool = toolOf(event);
  if (!tool) return <Plain event={event} />;
  const other = counterpart((sequence) => log.get(sequence), event);
  if (tool.role === "call") return <ToolCall event={event} tool={tool} result={other} />;
  return other ? <ToolResultElsewhere call={other} tool={tool} /> : <Plain event={event} />;
}

/** The content by itself: text, JSON, a picture or other bytes. */
export function Plain({ event }: { event: Event }) {
  const text = useMemo(() => textOf(event), [event]);
  if (text !== undefined) return <Written event={event} text={text} />;
  if (event.content.case !== "blob") return <p class="quiet">This event has no content.</p>;
  const picture = pictureType(event.mediaType);
  const bytes = event.content.value;
  return picture && bytes.length ? <Picture event={event} bytes={bytes} type={picture} /> : <Bytes event={event} bytes={bytes} />;
}

function Written({ event, text }: { event: Event; text: string }) {
  const lines = useMemo(() => pretty(text), [text]);
  if (!text) return <p class="quiet">This event has an empty text.</p>;
  return <Text id={`text ${event.sequence}`} text={lines ?? text} code={lines !== undefined} />;
}
