import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { Event } from "activity-session/v1/event";

const DAY_MS = 86_400_000;
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DATE = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** Returns when an event happened, or else when it was appended. */
export function timeOf({ eventTime, createTime }: Event): Date | undefined {
  const time = eventTime ?? createTime;
  return time && timestampDate(time);
}

/** Returns whether two events did not happen on one day, as the reader's clock has it. */
export function areDaysApart(one: Event, other: Event): boolean {
  return timeOf(one)?.toDateString() !== timeOf(other)?.toDateString();
}

/** The hour and minute of an event. */
export function Clock({ event }: { event: Event }) {
  const time = timeOf(event);
  return time ? <time dateTime={time.toISOString()}>{CLOCK.format(time)}</time> : null;
}

/** A time in full, with its zone. */
export function Whole({ time }: { time: Timestamp | undefined }) {
  const date = time && timestampDate(time);
  return date ? <time dateTime={date.toISOString()}>{WHOLE.format(date)}</time> : <span>not given</span>;
}

/** The line above the first event of a day. */
export function Day({ event }: { event: Event }) {
  const time = timeOf(event);
  return (
    <div class="day">
      {time ? <time dateTime={time.toISOString().slice(0, 10)}>{dayOf(time)}</time> : "without a time"}
    </div>
  );
}

function dayOf(time: Date): string {
  const days = Math.round((startOf(time) - startOf(new Date())) / DAY_MS);
  return Math.abs(days) > 1 ? DATE.format(time) : `${RELATIVE.format(days, "day")}, ${DATE.format(time)}`;
}

function startOf(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}

/** Both times of an event. */
export function Times({ event }: { event: Event }) {
  return (
    <dl class="times">
      <dt>happened</dt>
      <dd><Whole time={event.eventTime} /></dd>
      <dt>appended</dt>
      <dd><Whole time={event.createTime} /></dd>
    </dl>
  );
}
