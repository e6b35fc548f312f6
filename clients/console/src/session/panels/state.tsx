import { EventService } from "activity-session/v1/event_service";
import type { StateEntry } from "activity-session/v1/state";
import { useState } from "preact/hooks";
import { events } from "../../api.js";
import { CopyAs } from "../../copy/copy_as.js";
import { pretty } from "../content/json.js";
import { Text } from "../content/text.js";
import { useShared } from "../context.js";
import { idOf, namespaceOf } from "../../shared/names.js";
import { PagedList } from "./list.js";

// A watch does not tell of state.
const STATE_MS = 5_000;

/** The state of the session, of its namespace, or of a member. */
export function State() {
  const { live } = useShared();
  const [name, setName] = useState(live.name);
  return (
    <>
      <label class="choice">
        State of <Whose name={name} choose={setName} />
      </label>
      <PagedList of={name} everyMs={STATE_MS} empty="There are no keys." load={(page, signal) => keysOf(name, page, signal)}
        row={([key, entry]) => <Key key={key} id={`${name} ${key}`} name={key} entry={entry} />} />
      <CopyAs method={EventService.method.getState} request={{ name }} />
    </>
  );
}

function Whose({ name, choose }: { name: string; choose: (name: string) => void }) {
  const { live } = useShared();
  const { participants = [] } = live.session.value ?? {};
  const namespace = namespaceOf(live.name);
  return (
    <select value={name} onChange={({ currentTarget }) => choose(currentTarget.value)}>
      <option value={live.name}>this session</option>
      <option value={namespace}>namespace {idOf(namespace)}</option>
      {participants.map(({ participant }) => <option key={participant} value={participant}>{idOf(participant)}</option>)}
    </select>
  );
}

function Key({ id, name, entry }: { id: string; name: string; entry: StateEntry }) {
  return (
    <li class="key">
      <div class="key-head">
        <code class="key-name" dir="auto">{name}</code>
        <span class="quiet">revision {String(entry.revision)}</span>
      </div>
      <Text id={`state ${id}`} text={pretty(entry.valueJson) ?? entry.valueJson} code />
    </li>
  );
}

async function keysOf(name: string, page: { pageSize: number; pageToken: string }, signal: AbortSignal) {
  const { entries, nextPageToken } = await events.getState({ name, ...page }, { signal });
  return { rows: Object.entries(entries).sort(byKey), nextPageToken };
}

function byKey([one]: [string, StateEntry], [other]: [string, StateEntry]): number {
  return one < other ? -1 : 1;
}
