import type { Session } from "activity-session/v1/session";
import { href, toSession } from "../routes.js";
import { idOf } from "../shared/names.js";
import { ago } from "../shared/time.js";
import { ActivityCell } from "./activity_cell.js";
import { Labels } from "./labels.js";
import { Marks } from "./marks.js";
import { Members } from "./members.js";

/** Properties of `Row`. */
export interface RowProps {
  session: Session;
  narrow: (term: string) => void;
}

/** One session. The roles are those that its elements have anyway, but lose as cards. */
export function Row({ session, narrow }: RowProps) {
  return (
    <tr role="row" class={session.deleteTime ? "over" : ""}>
      <th role="rowheader" scope="row">
        <div class="name">
          <a href={href(toSession(session.name))} dir="auto">
            {idOf(session.name)}
          </a>
          <Marks session={session} />
        </div>
        {session.description && (
          <p>
            <bdi>{session.description}</bdi>
          </p>
        )}
      </th>
      <td role="cell" data-label="Participants">
        <Members session={session} narrow={narrow} />
      </td>
      <td role="cell" data-label="Turn">
        <Turn session={session} />
      </td>
      <td role="cell" data-label="Labels">
        <Labels labels={session.labels} narrow={narrow} />
      </td>
      <td role="cell" data-label="Events" class="number">
        {session.lastSequence.toLocaleString()}
      </td>
      <td role="cell" data-label="Newest event">
        <ActivityCell session={session} />
      </td>
    </tr>
  );
}

function Turn({ session: { turn } }: { session: Session }) {
  if (!turn) return <span class="quiet">free</span>;
  return (
    <>
      <bdi>{idOf(turn.holder)}</bdi>
      {turn.expireTime && <small>ends {ago(turn.expireTime)}</small>}
    </>
  );
}
