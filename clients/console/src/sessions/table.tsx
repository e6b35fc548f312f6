import type { Session } from "activity-session/v1/session";
import { useEffect, useRef } from "preact/hooks";
import { linksIn, useMoves } from "./moves.js";
import { Row } from "./row.js";
import "./table.css";

const COLUMNS = ["Session", "Participants", "Turn", "Labels", "Events", "Newest event"];
// The session that was opened last: whoever comes back goes on there.
let opened = "";

/** Properties of `Table`. */
export interface TableProps {
  sessions: Session[];
  isBusy: boolean;
  narrow: (term: string) => void;
}

/** The sessions, a row for each; in narrow windows, a card for each. */
export function Table({ sessions, isBusy, narrow }: TableProps) {
  const table = useRef<HTMLTableElement>(null);
  const byArrow = useMoves(table);
  useEffect(
    () =>
      linksIn(table)
        .find(({ hash }) => hash === opened)
        ?.focus(),
    [],
  );
  return (
    <table
      ref={table}
      role="table"
      aria-busy={isBusy}
      class="sessions"
      onKeyDown={byArrow}
      onClick={({ target }) => remember(target)}
    >
      <caption class="unseen">Sessions</caption>
      <thead role="rowgroup">
        <tr role="row">
          {COLUMNS.map((name) => (
            <th key={name} role="columnheader" scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {sessions.map((one) => (
          <Row key={one.name} session={one} narrow={narrow} />
        ))}
      </tbody>
    </table>
  );
}

function remember(target: EventTarget | null): void {
  if (target instanceof HTMLAnchorElement) opened = target.hash;
}
