import type { SequenceRange, Supersession } from "activity-session/v1/event";
import { Fragment } from "preact";
import { EventLink } from "./event_link.js";

// Of a mark that covers more, its raw form shows all.
const MOST_RANGES = 8;

/** What a mark does: what it takes out of view and why, and what comes back or goes with it. */
export function SupersessionContent({ of }: { of: Supersession }) {
  return (
    <>
      <p>
        Superseded <Ranges of={of.ranges} />
        {of.reason && <>: <bdi class="reason">{of.reason}</bdi></>}
      </p>
      {of.restored.length > 0 && <p>Back in view: <Ranges of={of.restored} /></p>}
      {of.superseded.length > 0 && <p>Out of view with it: <Ranges of={of.superseded} /></p>}
    </>
  );
}

function Ranges({ of }: { of: readonly SequenceRange[] }) {
  const more = of.length - MOST_RANGES;
  return (
    <>
      {of.slice(0, MOST_RANGES).map(({ firstSequence, lastSequence }, at) => (
        <Fragment key={firstSequence}>
          {at > 0 && ", "}
          <EventLink at={Number(firstSequence)} />
          {lastSequence > firstSequence && <> to <EventLink at={Number(lastSequence)} /></>}
        </Fragment>
      ))}
      {more > 0 && ` and ${more.toLocaleString()} more`}
    </>
  );
}
