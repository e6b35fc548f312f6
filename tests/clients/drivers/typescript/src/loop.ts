/** The helpers of the everyday loop, as ../../README.md has them. */

import { toJson } from "@bufbuild/protobuf";
import type * as library from "activity-session";
import type { AppendOptions, Channel } from "activity-session";
import { EventSchema, type Event } from "activity-session/v1/event";
import { ParticipantSchema, ParticipantType } from "activity-session/v1/participant";
import { SessionSchema } from "activity-session/v1/session";

type Named =
  | "appendJson" | "appendText" | "ensureParticipant" | "ensureSession" | "follow" | "SharedState" | "takeTurn";

/** The helpers, which both entries export. */
export type Helpers = Pick<typeof library, Named>;

type Connected = Pick<Channel, "client" | "target">;

interface Turn { loop: "turn"; session: string; participant: string; ttl: number; timeout?: number; text?: string }
interface Follow { loop: "follow"; session: string; participant: string; skip_own?: boolean; leave_at?: number }
interface State { loop: "get" | "set" | "push"; name: string; key: string; value?: unknown; expected_revision?: number }
interface EnsureParticipant {
  loop: "ensure_participant";
  parent: string;
  participant_id: string;
  type: `PARTICIPANT_TYPE_${keyof typeof ParticipantType}`;
}
interface EnsureSession { loop: "ensure_session"; parent: string; session_id: string; participants: string[] }
interface Append {
  loop: "append_text" | "append_json";
  session: string;
  author: string;
  text: string;
  value?: unknown;
  type?: string;
  event_id?: string;
  turn_token?: number;
}

export type Loop = { id: number } & (Append | EnsureParticipant | EnsureSession | Follow | State | Turn);

/** Does what a command says, and yields what is to be written. */
export async function* looped(
  helpers: Helpers,
  channel: Connected,
  command: Loop,
  signal: AbortSignal,
): AsyncGenerator<object> {
  switch (command.loop) {
    case "turn":
      return yield* turn(helpers, channel, command, signal);
    case "follow":
      return yield* followed(helpers, channel, command, signal);
    case "append_text":
    case "append_json":
      return yield shown(await append(helpers, channel, command));
    case "ensure_participant":
    case "ensure_session":
      return yield { message: await ensured(helpers, channel, command) };
    default:
      yield state(new helpers.SharedState(channel, command.name), command);
  }
}

async function* turn(helpers: Helpers, channel: Connected, command: Turn, signal: AbortSignal): AsyncGenerator<object> {
  const timeoutMs = command.timeout === undefined ? undefined : command.timeout * 1000;
  const options = { ttlMs: command.ttl * 1000, timeoutMs, signal };
  await using taken = await helpers.takeTurn(channel, command.session, command.participant, options);
  yield { token: Number(taken.token) };
  if (command.text !== undefined) yield shown(await taken.appendText(command.text));
  await aborted(AbortSignal.any([signal, taken.signal]));
  await taken.release();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

async function* followed(
  helpers: Helpers,
  channel: Connected,
  { session, participant, skip_own, leave_at }: Follow,
  signal: AbortSignal,
): AsyncGenerator<object> {
  const marks: Event[] = [];
  const options = { skipOwn: skip_own, onMark: (mark: Event) => void marks.push(mark), signal };
  for await (const event of helpers.follow(channel, session, participant, options)) {
    for (const mark of marks.splice(0)) yield { mark: shown(mark).message };
    yield shown(event);
    if (Number(event.sequence) === leave_at) return;
  }
}

function append(helpers: Helpers, channel: Connected, command: Append): Promise<Event> {
  const { session, author, type, event_id: eventId, turn_token } = command;
  const options: AppendOptions = { type, eventId, turnToken: BigInt(turn_token ?? 0) };
  return command.loop === "append_text"
    ? helpers.appendText(channel, session, author, command.text, options)
    : helpers.appendJson(channel, session, author, command.value, options);
}

async function ensured(helpers: Helpers, channel: Connected, command: EnsureParticipant | EnsureSession) {
  if (command.loop === "ensure_session") {
    const session = await helpers.ensureSession(channel, command.parent, command.session_id, command.participants);
    return toJson(SessionSchema, session, { useProtoFieldName: true });
  }
  const type = ParticipantType[command.type.replace("PARTICIPANT_TYPE_", "") as keyof typeof ParticipantType];
  const participant = await helpers.ensureParticipant(channel, command.parent, command.participant_id, type);
  return toJson(ParticipantSchema, participant, { useProtoFieldName: true });
}

async function state(shared: library.SharedState, { loop, key, value, expected_revision }: State): Promise<object> {
  if (loop === "set") {
    const expectedRevision = expected_revision === undefined ? undefined : BigInt(expected_revision);
    return { revision: Number(await shared.set(key, value, { expectedRevision })) };
  }
  const push = (items: unknown[] | undefined) => [...(items ?? []), value];
  const got = await (loop === "get" ? shared.get(key) : shared.update(key, push));
  return { value: got.value ?? null, revision: Number(got.revision) };
}

function shown(event: Event) {
  return { message: toJson(EventSchema, event, { useProtoFieldName: true }) };
}
