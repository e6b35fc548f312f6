import type { Event } from "activity-session/v1/event";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Content } from "../content/content.js";
import { idOf } from "../../shared/names.js";
import { useShared } from "../context.js";
import { Author, Mark } from "./author.js";
import { EventLink } from "./event_link.js";
import { SupersessionContent } from "./supersession.js";
import { areDaysApart, Clock, Day, Times } from "./times.js";

const PLAIN_TYPES = new Set(["", "message"]);

/** Properties of `Row`. */
export interface RowProps {
  event: Event;
  before: Event | undefined;
  /** The number of the mark that has taken it out of view; 0 for none. */
  supersededBy: number;
}

/** One event, below the one before it, with whose author it is grouped. */
export function Row({ event, before, supersededBy }: RowProps) {
  const isOther = !before || isMark(before) || isMark(event) || before.author !== event.author || areDaysApart(before, event);
  return (
    <>
      {(!before || areDaysApart(before, event)) && <Day event={event} />}
      <Entry event={event} isOther={isOther} supersededBy={supersededBy} />
    </>
  );
}

function Entry({ event, isOther, supersededBy }: { event: Event; isOther: boolean; supersededBy: number }) {
  const { raw } = useShared();
  const article = useFocusKept();
  const show = (key: KeyboardEvent) => {
    if (key.key === "Enter" && key.target === key.currentTarget) raw.value = event;
  };
  const kinds = ["event", isOther && "event-other", isMark(event) && "event-supersession", supersededBy && "event-superseded"];
  return (
    <article ref={article} class={kinds.filter(Boolean).join(" ")} tabIndex={-1} onKeyDown={show}
      data-sequence={String(event.sequence)} aria-label={nameOf(event, supersededBy)} aria-posinset={Number(event.sequence)} aria-setsize={-1}>
      <div class="event-mark">{isOther && <Mark name={event.author} />}</div>
      <div class="event-body">
        {isOther && !isMark(event) && <header class="event-head"><Author name={event.author} marked={false} /></header>}
        {supersededBy > 0 && <p class="superseded-by">superseded by <EventLink at={supersededBy} /></p>}
        <Chips event={event} />
        {event.supersession ? <SupersessionContent of={event.supersession} /> : <Content event={event} />}
      </div>
      <Aside event={event} />
    </article>
  );
}

function isMark(event: Event): boolean {
  return event.supersession !== undefined;
}

function nameOf(event: Event, supersededBy: number): string {
  const by = event.author ? ` by ${idOf(event.author)}` : "";
  return `Event ${event.sequence}${by}${isMark(event) ? ", a mark" : ""}${supersededBy ? ", superseded" : ""}`;
}

/** The type, unless it is that of every message, and the labels. */
function Chips({ event }: { event: Event }) {
  const labels = Object.entries(event.labels);
  const isPlain = PLAIN_TYPES.has(event.type);
  if (isPlain && !labels.length) return null;
  return (
    <ul class="chips" aria-label="Type and labels">
      {!isPlain && <li class="chip chip-type" dir="auto">{event.type}</li>}
      {labels.map(([key, value]) => (
        <li key={key} class="chip"><bdi>{key}</bdi>{value && <>: <bdi>{value}</bdi></>}</li>
      ))}
    </ul>
  );
}

/** The time and number of an event, both its times where it is pointed at or has the focus, and the way to its raw form. */
function Aside({ event }: { event: Event }) {
  const { raw } = useShared();
  return (
    <div class="event-aside">
      <Clock event={event} />
      <EventLink class="number" tabIndex={-1} at={Number(event.sequence)} />
      <button type="button" class="raw-open" tabIndex={-1} aria-label={`Event ${event.sequence} as JSON`} onClick={() => (raw.value = event)}>
        {"{ }"}
      </button>
      <Times event={event} />
    </div>
  );
}

/** Returns a ref: when the row goes while it has the focus, the list gets it, so that keys go on working. */
function useFocusKept() {
  const article = useRef<HTMLElement>(null);
  useLayoutEffect(() => () => {
    const row = article.current;
    if (row?.contains(document.activeElement)) row.closest<HTMLElement>("[role=feed]")?.focus({ preventScroll: true });
  }, []);
  return article;
}
