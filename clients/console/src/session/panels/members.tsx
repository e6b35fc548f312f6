import { SessionService } from "activity-session/v1/session_service";
import { ParticipantType } from "activity-session/v1/participant";
import type { SessionParticipant } from "activity-session/v1/session";
import { settings } from "../../api.js";
import { CopyAs } from "../../copy/copy_as.js";
import { useShared } from "../context.js";
import { Author, Mark } from "../conversation/author.js";
import { Whole } from "../conversation/times.js";
import { Bind } from "../writing/bind.js";
import { useEvery } from "./every.js";

// A watch tells of members, but not of how far they have read.
const MARKS_MS = 5_000;

/** Who takes part, as what, and how far each has read. */
export function Members() {
  const { live } = useShared();
  useEvery(MARKS_MS, () => void live.refresh().catch(() => undefined));
  const { participants = [] } = live.session.value ?? {};
  return (
    <>
      {participants.length === 0 && <p class="quiet">Nobody is a member. Whoever is a participant of the namespace can be bound.</p>}
      <ul class="panel-list">
        {participants.map((member) => <Member key={member.participant} member={member} />)}
      </ul>
      {settings.value.writes && <Bind />}
      <CopyAs method={SessionService.method.getSession} request={{ name: live.name }} />
    </>
  );
}

function Member({ member }: { member: SessionParticipant }) {
  const { participant, participantType, role, createTime, lastReadSequence } = member;
  return (
    <li class="member">
      <Mark name={participant} />
      <div>
        <Author name={participant} marked={false} />
        {role && <span class="chip" dir="auto">{role}</span>}
        <p class="quiet">
          {participantType === ParticipantType.AGENT ? "Agent" : "Person"}, <ReadMark at={Number(lastReadSequence)} />
        </p>
        <p class="quiet">joined <Whole time={createTime} /></p>
      </div>
    </li>
  );
}

function ReadMark({ at }: { at: number }) {
  const { log } = useShared().live;
  log.version.value;
  if (!at) return <>has read nothing</>;
  return <>has read up to {at.toLocaleString()} of {log.last.toLocaleString()}</>;
}
