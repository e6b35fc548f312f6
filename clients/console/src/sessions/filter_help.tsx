import { Dialog } from "../shared/dialog.js";

const EXAMPLES = [
  ['session_id = "trip*"', "whose id begins so"],
  ["labels.team = travel AND NOT labels.state:*", "with this label, and without any label of that key"],
  ['participants:"namespaces/default/participants/ada"', "in which ada takes part"],
  ["create_time >= 2026-01-31T00:00:00Z", "that are not older"],
  ["last_sequence > 1000 OR legal_hold = true", "that are long, or held; OR binds tighter than AND"],
  ['description = "*castle*"', "whose description has this word"],
] as const;

/** Tells how to filter sessions. */
export function FilterHelp({ close }: { close: () => void }) {
  return (
    <Dialog title="Filters" close={close}>
      <dl>
        {EXAMPLES.map(([filter, means]) => (
          <div key={filter}>
            <dt>
              <code>{filter}</code>
            </dt>
            <dd>sessions {means}</dd>
          </div>
        ))}
      </dl>
      <p>
        Fields: session_id, description, enabled, managed, auto_created, legal_hold, create_time, update_time,
        last_event_time, expire_time, last_sequence, labels.KEY and participants.
      </p>
    </Dialog>
  );
}
