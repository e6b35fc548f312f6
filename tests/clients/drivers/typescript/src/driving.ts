/** What the drivers do with a client, whichever of the two entries it comes from. */

import { toJson, type DescService, type Message } from "@bufbuild/protobuf";
import type * as library from "activity-session";
import type { CallOptions, Channel, OnDisconnect } from "activity-session";
import { SessionView } from "activity-session/v1/session";
import { WatchSessionResponseSchema } from "activity-session/v1/session_service";
import { methodOf, parse, run, write, type Call, type Shown, type Task, type Watch } from "./commands.js";
import { looped, type Helpers } from "./loop.js";

type Method = (request: Message, options: CallOptions) => Promise<Message> | AsyncIterable<Message>;

/** What both entries export, with the names of the codes. */
export type Entry = Pick<typeof library, "ActivitySessionError" | "ErrorReason" | "watch"> &
  Helpers & {
    codes: Record<number, string>;
  };

/** The two channels of a driver. */
export interface Channels {
  connected: Pick<Channel, "client" | "target">;
  bare(service: DescService): object;
}

/** Carries out commands until there are no more. */
export function drive(entry: Entry, channels: Channels): Promise<void> {
  const show = (command: Task, signal: AbortSignal): AsyncGenerator<object> => {
    if ("loop" in command) return looped(entry, channels.connected, command, signal);
    return "watch" in command ? watched(entry, channels, command, signal) : called(channels, command, signal);
  };
  return run(show, (error) => failure(entry, error));
}

async function* watched(
  entry: Entry,
  { connected }: Channels,
  { uid, ...command }: Watch,
  signal: AbortSignal,
): AsyncGenerator<Shown> {
  const onDisconnect = command.disconnects === undefined ? undefined : telling(entry, command.id, command.disconnects);
  const afterSequence = BigInt(command.after_sequence ?? 0);
  const view = SessionView[command.view?.replace("SESSION_VIEW_", "") as keyof typeof SessionView];
  const options = { afterSequence, view, uid, signal, onDisconnect, showSuperseded: command.show_superseded };
  const watching = entry.watch(connected, command.watch, options);
  for await (const message of watching) {
    const json = toJson(WatchSessionResponseSchema, message, { useProtoFieldName: true });
    yield { message: json, uid: watching.uid };
  }
}

/** Returns what a watch calls at each disconnect. */
function telling(entry: Entry, id: number, most: number): OnDisconnect {
  let count = 0;
  return (error) => {
    write({ id, disconnect: failure(entry, error) });
    count += 1;
    if (count === most) throw error;
  };
}

async function* called({ connected, bare }: Channels, command: Call, signal: AbortSignal): AsyncGenerator<Shown> {
  const [service, method] = methodOf(command);
  const client = command.channel === "bare" ? bare(service) : connected.client(service);
  const call = (client as Record<string, Method>)[method.localName]!;
  const timeoutMs = command.timeout === undefined ? undefined : command.timeout * 1000;
  const answers = call(parse(method, command.request), { timeoutMs, signal });
  for await (const message of answers instanceof Promise ? [answers] : answers) {
    yield { message: toJson(method.output, message, { useProtoFieldName: true }) };
  }
}

function failure({ ActivitySessionError, ErrorReason, codes }: Entry, error: unknown): object {
  if (!(error instanceof ActivitySessionError)) throw error;
  return {
    status: codes[error.code],
    error: error.message,
    reason: error.reason === ErrorReason.UNSPECIFIED ? "" : ErrorReason[error.reason],
    kind: error.kind === "Other" ? "" : error.kind,
    metadata: error.metadata,
    fields: error.fieldViolations.map(({ field }) => field),
    whole: { code: error.status.code, message: error.status.message },
  };
}
