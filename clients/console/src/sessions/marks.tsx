import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Session } from "activity-session/v1/session";
import { ago, Time } from "../shared/time.js";

/** What is particular about a session: that it is deleted or has expired, is held, disabled, or the system's. */
export function Marks({ session }: { session: Session }) {
  return (
    <>
      <End session={session} />
      {session.legalHold && <span class="mark warn">held</span>}
      {session.enabled === false && <span class="mark warn">disabled</span>}
      {session.managed && <span class="mark">managed</span>}
    </>
  );
}

function End({ session: { deleteTime, expireTime, purgeTime } }: { session: Session }) {
  if (deleteTime) {
    const hasExpired = expireTime !== undefined && timestampMs(expireTime) <= timestampMs(deleteTime);
    return (
      <span class="mark bad">
        {hasExpired ? "expired" : "deleted"} <Time at={deleteTime} />
        {purgeTime && <>, gone {ago(purgeTime)}</>}
      </span>
    );
  }
  return expireTime ? <span class="mark">expires {ago(expireTime)}</span> : null;
}
