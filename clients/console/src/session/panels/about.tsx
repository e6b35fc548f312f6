import { toJson, type JsonValue } from "@bufbuild/protobuf";
import type { Session } from "activity-session/v1/session";
import { SessionService } from "activity-session/v1/session_service";
import { SessionSettingsSchema } from "activity-session/v1/session_settings";
import { CopyAs } from "../../copy/copy_as.js";
import { pretty } from "../content/json.js";
import { Text } from "../content/text.js";
import { useShared } from "../context.js";
import { Whole } from "../conversation/times.js";
import { Fact, Facts } from "./facts.js";

/** What the session is: its metadata. */
export function About() {
  const { live } = useShared();
  const session = live.session.value!;
  return (
    <>
      {session.description && <Text id="description" text={session.description} />}
      <Labels labels={session.labels} />
      <Data data={session.data} />
      <Facts>
        <Times session={session} />
        <Marks session={session} />
      </Facts>
      <h2>Settings</h2>
      <Facts>
        {session.settings && settingsOf(toJson(SessionSettingsSchema, session.settings)).map(([name, value]) => <Fact key={name} name={name}><bdi>{value}</bdi></Fact>)}
      </Facts>
      <CopyAs method={SessionService.method.getSession} request={{ name: live.name }} />
      <CopyAs method={SessionService.method.watchSession} request={{ name: live.name, afterSequence: session.lastSequence, uid: session.uid }} />
    </>
  );
}

function Labels({ labels }: { labels: Record<string, string> }) {
  const pairs = Object.entries(labels);
  if (!pairs.length) return null;
  return (
    <ul class="chips" aria-label="Labels">
      {pairs.map(([key, value]) => <li key={key} class="chip"><bdi>{key}</bdi>: <bdi>{value}</bdi></li>)}
    </ul>
  );
}

function Data({ data }: { data: string }) {
  const lines = pretty(data);
  if (!data) return null;
  return (
    <>
      <h2>Data</h2>
      <Text id="data" text={lines ?? data} code={lines !== undefined} />
    </>
  );
}

function Times({ session: { createTime, updateTime, expireTime, deleteTime, purgeTime } }: { session: Session }) {
  return (
    <>
      <Fact name="Created"><Whole time={createTime} /></Fact>
      <Fact name="Changed"><Whole time={updateTime} /></Fact>
      <Fact name="Expires">{expireTime ? <Whole time={expireTime} /> : "never"}</Fact>
      {deleteTime && <Fact name="Deleted"><Whole time={deleteTime} /></Fact>}
      {purgeTime && <Fact name="To be expunged"><Whole time={purgeTime} /></Fact>}
    </>
  );
}

function Marks({ session }: { session: Session }) {
  return (
    <>
      <Fact name="Created by"><bdi>{session.createdBy || "somebody without credentials"}</bdi></Fact>
      <Fact name="Events">{String(session.firstSequence)} to {String(session.lastSequence)}</Fact>
      <Fact name="Enabled">{yes(session.enabled ?? true)}</Fact>
      <Fact name="Managed">{yes(session.managed)}</Fact>
      <Fact name="Made by EnsureSession">{yes(session.autoCreated)}</Fact>
      <Fact name="Legal hold">{yes(session.legalHold)}</Fact>
      <Fact name="uid"><code>{session.uid}</code></Fact>
      <Fact name="etag"><code>{session.etag}</code></Fact>
    </>
  );
}

function yes(value: boolean): string {
  return value ? "yes" : "no";
}

/** Returns settings by their paths, as an update mask has them in camelCase. */
function settingsOf(value: JsonValue, path = ""): [string, string][] {
  if (typeof value !== "object" || value === null) return [[path, String(value)]];
  return Object.entries(value).flatMap(([name, one]) => settingsOf(one!, path ? `${path}.${name}` : name));
}
