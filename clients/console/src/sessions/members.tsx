import { ParticipantType } from "activity-session/v1/participant";
import type { Session, SessionParticipant } from "activity-session/v1/session";
import { idOf } from "../shared/names.js";
import { withParticipant } from "./terms.js";

const FIRST = 4;

/** Properties of `Members`. */
export interface MembersProps {
  session: Session;
  narrow: (term: string) => void;
}

/** Who takes part, each with the number of events that it has not marked as read; of many, the first at once. */
export function Members({ session, narrow }: MembersProps) {
  const { participants, lastSequence } = session;
  const rest = participants.slice(FIRST);
  const items = (some: SessionParticipant[]) => (
    <ul class="chips">
      {some.map((one) => (
        <Member key={one.participant} member={one} last={lastSequence} narrow={narrow} />
      ))}
    </ul>
  );
  return (
    <>
      {items(participants.slice(0, FIRST))}
      {rest.length > 0 && (
        <details>
          <summary>
            {rest.length} more, each with up to {String(mostUnread(rest, lastSequence))} unread
          </summary>
          {items(rest)}
        </details>
      )}
    </>
  );
}

function Member({
  member,
  last,
  narrow,
}: {
  member: SessionParticipant;
  last: bigint;
  narrow: (term: string) => void;
}) {
  const unread = last - member.lastReadSequence;
  return (
    <li class="chip">
      <button type="button" onClick={() => narrow(withParticipant(member.participant))}>
        <bdi>{idOf(member.participant)}</bdi>
        {member.role && (
          <span class="kind">
            {" "}
            <bdi>{member.role}</bdi>
          </span>
        )}
        {member.participantType === ParticipantType.AGENT && <span class="kind"> agent</span>}
        <span class="unseen">: show sessions with it</span>
      </button>
      {unread > 0n && <span class="unread">{String(unread)} unread</span>}
    </li>
  );
}

function mostUnread(members: SessionParticipant[], last: bigint): bigint {
  return members.map((one) => last - one.lastReadSequence).reduce((most, one) => (one > most ? one : most), 0n);
}
