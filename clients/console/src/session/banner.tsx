import { SessionService } from "activity-session/v1/session_service";
import { ErrorReason, type ActivitySessionError } from "activity-session/web";
import { CopyAs } from "../copy/copy_as.js";
import { href, toSessions } from "../routes.js";
import { Failure } from "../shared/failure.js";
import { namespaceOf } from "../shared/names.js";
import { useShared } from "./context.js";
import { Whole } from "./conversation/times.js";

/** What there is to say above a session: that it cannot be shown, is cut off, deleted or gone, and what can be done. */
export function Banner() {
  const { live } = useShared();
  const [failure, session] = [live.failure.value, live.session.value];
  if (!failure) return session?.enabled === false ? <Disabled /> : null;
  if (session && live.connection.value === "cut") return <CutOff error={failure} />;
  if (failure.reason === ErrorReason.SESSION_DELETED) return <Deleted />;
  if (failure.reason === ErrorReason.SESSION_NOT_FOUND) return session ? <Expunged error={failure} /> : <NotThere />;
  return <Failure error={failure} again={() => void live.open()}><WayBack /></Failure>;
}

function WayBack() {
  const namespace = namespaceOf(useShared().live.name);
  return <p><a href={href(toSessions(namespace))}>Back to the sessions of this namespace</a></p>;
}

function CutOff({ error }: { error: ActivitySessionError }) {
  return (
    <div class="banner">
      <p>What is shown may be old: the connection to the server is lost. The console tries again by itself, and misses nothing.</p>
      <p class="quiet" dir="auto">{error.details}</p>
    </div>
  );
}

function Disabled() {
  return <div class="banner"><p>This session is disabled: it can be read, and takes nothing until somebody enables it.</p></div>;
}

function Deleted() {
  const { live } = useShared();
  const { deleteTime, purgeTime } = live.session.value!;
  return (
    <div class="banner">
      <p>This session was deleted, or has expired: <Whole time={deleteTime} />. What is shown is all of it.</p>
      <p>{purgeTime ? <>It can be brought back until <Whole time={purgeTime} />.</> : "It can be brought back."}</p>
      <CopyAs method={SessionService.method.undeleteSession} request={{ name: live.name }} />
      <button type="button" onClick={() => void live.open()}>Follow it again</button>
    </div>
  );
}

function Expunged({ error }: { error: ActivitySessionError }) {
  return (
    <div class="banner" role="alert">
      <p>This session was expunged. What was loaded stays here until you leave; the server has it no longer.</p>
      {error.metadata["uid"] && <p>Another session may have its name now: <button type="button" onClick={() => location.reload()}>Open that one</button></p>}
      <WayBack />
    </div>
  );
}

function NotThere() {
  const { live } = useShared();
  return (
    <div class="banner" role="alert">
      <p>There is no session <bdi>{live.name}</bdi>. It may have been expunged, or the link has another name than it should.</p>
      <WayBack />
    </div>
  );
}
