import { timestampMs } from "@bufbuild/protobuf/wkt";
import { SessionService } from "activity-session/v1/session_service";
import type { TurnLease } from "activity-session/v1/turn";
import { useState } from "preact/hooks";
import { settings } from "../../api.js";
import { CopyAs } from "../../copy/copy_as.js";
import { useShared } from "../context.js";
import { Author } from "../conversation/author.js";
import { Whole } from "../conversation/times.js";
import { TurnControls } from "../writing/turn_controls.js";
import { useEvery } from "./every.js";
import { Fact, Facts } from "./facts.js";

/** Whose turn it is, and for how long. A lease ends by itself, and no message says so: the clock does. */
export function Turn() {
  const { live } = useShared();
  const left = useLeft(live.session.value?.turn);
  const turn = live.session.value?.turn;
  return (
    <>
      {turn && left > 0 ? <Held turn={turn} left={left} /> : <Free last={turn} />}
      {settings.value.writes && <TurnControls />}
      <CopyAs method={SessionService.method.getSession} request={{ name: live.name }} />
    </>
  );
}

function Held({ turn, left }: { turn: TurnLease; left: number }) {
  return (
    <Facts>
      <Fact name="Whose turn"><Author name={turn.holder} /></Fact>
      <Fact name="Ends in"><span class="countdown">{left} s</span></Fact>
      <Fact name="At the latest"><Whole time={turn.expireTime} /></Fact>
      <Fact name="Fencing token">{String(turn.token)}</Fact>
    </Facts>
  );
}

function Free({ last }: { last: TurnLease | undefined }) {
  return (
    <>
      <p>It is nobody's turn.</p>
      {last && <p class="quiet">That of <Author name={last.holder} /> ended at <Whole time={last.expireTime} /> by itself; its token was {String(last.token)}.</p>}
    </>
  );
}

/** Returns how many seconds a lease has left, by the clock of this machine, and renders again each second. */
function useLeft(turn: TurnLease | undefined): number {
  const [now, setNow] = useState(Date.now());
  useEvery(1_000, () => setNow(Date.now()));
  return turn?.expireTime ? Math.ceil((timestampMs(turn.expireTime) - Math.max(now, 0)) / 1000) : 0;
}
