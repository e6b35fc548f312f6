/** The driver of the TypeScript client; ../../README.md has the protocol. */

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { toJson, type Message } from "@bufbuild/protobuf";
import { Client, credentials, status } from "@grpc/grpc-js";
import { ActivitySessionError, Calls, connect, createClient, ErrorReason, watch } from "activity-session";
import type { CallOptions, OnDisconnect } from "activity-session";
import { SessionView } from "activity-session/v1/session";
import { WatchSessionResponseSchema } from "activity-session/v1/session_service";
import { methodOf, parse, run, write, type Call, type Shown, type Watch } from "./commands.js";

type Method = (request: Message, options: CallOptions) => Promise<Message> | AsyncIterable<Message>;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    token: { type: "string" },
    ca: { type: "string" },
    certificate: { type: "string" },
    key: { type: "string" },
  },
});
const target = positionals[0]!;
const read = (path: string | undefined) => (path === undefined ? null : readFileSync(path));
const tls =
  values.ca !== undefined && credentials.createSsl(read(values.ca), read(values.key), read(values.certificate));
const connected = connect(target, { token: values.token, tls });
const bare = new Client(target, credentials.createInsecure());

async function* watched({ uid, ...command }: Watch, signal: AbortSignal): AsyncGenerator<Shown> {
  const onDisconnect = command.disconnects === undefined ? undefined : telling(command.id, command.disconnects);
  const afterSequence = BigInt(command.after_sequence ?? 0);
  const view = SessionView[command.view?.replace("SESSION_VIEW_", "") as keyof typeof SessionView];
  const watching = watch(connected, command.watch, { afterSequence, view, uid, signal, onDisconnect });
  for await (const message of watching) {
    const json = toJson(WatchSessionResponseSchema, message, { useProtoFieldName: true });
    yield { message: json, uid: watching.uid };
  }
}

/** Returns what a watch calls at each disconnect. */
function telling(id: number, most: number): OnDisconnect {
  let count = 0;
  return (error) => {
    write({ id, disconnect: failure(error) });
    count += 1;
    if (count === most) throw error;
  };
}

async function* called(command: Call, signal: AbortSignal): AsyncGenerator<Shown> {
  const [service, method] = methodOf(command);
  const client = command.channel === "bare" ? createClient(service, new Calls(bare)) : connected.client(service);
  const call = (client as Record<string, Method>)[method.localName]!;
  const timeoutMs = command.timeout === undefined ? undefined : command.timeout * 1000;
  const answers = call(parse(method, command.request), { timeoutMs, signal });
  for await (const message of answers instanceof Promise ? [answers] : answers) {
    yield { message: toJson(method.output, message, { useProtoFieldName: true }) };
  }
}

function failure(error: unknown): object {
  if (!(error instanceof ActivitySessionError)) throw error;
  return {
    status: status[error.code],
    error: error.message,
    reason: error.reason === ErrorReason.UNSPECIFIED ? "" : ErrorReason[error.reason],
    metadata: error.metadata,
    fields: error.fieldViolations.map(({ field }) => field),
    whole: { code: error.status.code, message: error.status.message },
  };
}

await run((command, signal) => ("watch" in command ? watched(command, signal) : called(command, signal)), failure);
connected.close();
bare.close();
