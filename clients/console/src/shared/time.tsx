import { signal } from "@preact/signals";
import { timestampDate, timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 15_000);

/** A time, in the zone of whoever reads it, to the second; the microseconds are in its title. */
export function Time({ at }: { at: Timestamp }) {
  const date = timestampDate(at);
  return (
    <time dateTime={date.toISOString()} title={exactly(at)}>
      {EXACT.format(date)}
    </time>
  );
}

/** How long ago a time was, or how soon it will be, roughly: "3 min ago". What shows it is rendered as time passes. */
export function ago(at: Timestamp): string {
  const seconds = (timestampMs(at) - now.value) / 1000;
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return RELATIVE.format(Math.abs(seconds) < 60 ? 0 : Math.round(seconds / length), unit);
}

/** Returns a time in RFC 3339, in UTC, to the microsecond. */
export function exactly(at: Timestamp): string {
  return timestampDate(at)
    .toISOString()
    .replace(/\d{3}Z$/, `${String(at.nanos).padStart(9, "0").slice(0, 6)}Z`);
}
