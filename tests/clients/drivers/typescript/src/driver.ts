/** The driver of the TypeScript client; ../../README.md has the protocol. */

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { fromJson, toJson, type DescMethod, type DescService, type JsonValue, type Message } from "@bufbuild/protobuf";
import { Client, credentials, status } from "@grpc/grpc-js";
import { ActivitySessionError, Calls, connect, createClient, ErrorReason, watch } from "activity-session";
import type { CallOptions, OnDisconnect } from "activity-session";
import { EventService } from "activity-session/v1/event_service";
import { InfoService } from "activity-session/v1/info_service";
import { MemoryService } from "activity-session/v1/memory_service";
import { NamespaceService } from "activity-session/v1/namespace_service";
import { ParticipantService } from "activity-session/v1/participant_service";
import { SessionView } from "activity-session/v1/session";
import { SessionService, WatchSessionResponseSchema } from "activity-session/v1/session_service";

interface Call {
  id: number;
  method: string;
  request: JsonValue;
  channel?: "bare" | "connected";
  timeout?: number;
}

interface Watch {
  id: number;
  watch: string;
  after_sequence?: number;
  view?: `SESSION_VIEW_${keyof typeof SessionView}`;
  uid?: string;
  disconnects?: number;
}

interface Shown {
  message: JsonValue;
  uid?: string;
}

type Command = Call | Watch | { cancel: number };

const SERVICES: DescService[] = [
  EventService,
  InfoService,
  MemoryService,
  NamespaceService,
  ParticipantService,
  SessionService,
];

type Method = (request: Message, options: CallOptions) => Promise<Message> | AsyncIterable<Message>;

class InvalidJson extends Error {}

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

async function run(): Promise<void> {
  const running = new Map<number, AbortController>();
  const ends: Promise<void>[] = [];
  write({ ready: true });
  for await (const line of createInterface(process.stdin)) {
    const command = JSON.parse(line) as Command;
    if ("cancel" in command) {
      running.get(command.cancel)?.abort();
    } else {
      const controller = new AbortController();
      running.set(command.id, controller);
      ends.push(answer(command, controller.signal));
    }
  }
  running.forEach((controller) => controller.abort());
  await Promise.all(ends);
  connected.close();
  bare.close();
}

async function answer(command: Call | Watch, signal: AbortSignal): Promise<void> {
  const { id } = command;
  try {
    for await (const shown of "watch" in command ? watched(command, signal) : called(command, signal)) {
      write({ id, ...shown });
    }
    write({ id, status: "OK" });
  } catch (error) {
    write({ id, ...failure(error) });
  }
}

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
  const [serviceName, methodName] = command.method.split("/");
  const service = SERVICES.find(({ name }) => name === serviceName)!;
  const method = service.methods.find(({ name }) => name === methodName)!;
  const client = command.channel === "bare" ? createClient(service, new Calls(bare)) : connected.client(service);
  const call = (client as Record<string, Method>)[method.localName]!;
  const timeoutMs = command.timeout === undefined ? undefined : command.timeout * 1000;
  const answers = call(parse(method, command.request), { timeoutMs, signal });
  for await (const message of answers instanceof Promise ? [answers] : answers) {
    yield { message: toJson(method.output, message, { useProtoFieldName: true }) };
  }
}

function parse(method: DescMethod, request: JsonValue): Message {
  try {
    return fromJson(method.input, request);
  } catch (error) {
    throw new InvalidJson(String(error));
  }
}

function failure(error: unknown): object {
  if (error instanceof InvalidJson) return { status: "INVALID_JSON", error: error.message };
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

function write(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

await run();
