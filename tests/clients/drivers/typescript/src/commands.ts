/** What the drivers share: their protocol, which ../../README.md has. */

import { createInterface } from "node:readline";
import { fromJson, type DescMethod, type DescService, type JsonValue, type Message } from "@bufbuild/protobuf";
import type { Loop } from "./loop.js";
import type { SessionView } from "activity-session/v1/session";
import { EventService } from "activity-session/v1/event_service";
import { InfoService } from "activity-session/v1/info_service";
import { MemoryService } from "activity-session/v1/memory_service";
import { NamespaceService } from "activity-session/v1/namespace_service";
import { ParticipantService } from "activity-session/v1/participant_service";
import { SessionService } from "activity-session/v1/session_service";

export interface Call {
  id: number;
  method: string;
  request: JsonValue;
  channel?: "bare" | "connected";
  timeout?: number;
}

export interface Watch {
  id: number;
  watch: string;
  after_sequence?: number;
  view?: `SESSION_VIEW_${keyof typeof SessionView}`;
  uid?: string;
  show_superseded?: boolean;
  disconnects?: number;
}

export interface Shown {
  message: JsonValue;
  uid?: string;
}

export type Task = Call | Watch | Loop;
type Command = Task | { cancel: number };
type Show = (command: Task, signal: AbortSignal) => AsyncGenerator<object>;

export const SERVICES: DescService[] = [
  EventService,
  InfoService,
  MemoryService,
  NamespaceService,
  ParticipantService,
  SessionService,
];

class InvalidJson extends Error {}

/** Carries out commands until there are no more; `failureOf` makes the last line of one that has failed. */
export async function run(show: Show, failureOf: (error: unknown) => object): Promise<void> {
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
      ends.push(answer(command, show(command, controller.signal), failureOf));
    }
  }
  running.forEach((controller) => controller.abort());
  await Promise.all(ends);
}

async function answer(
  { id }: Task,
  shown: AsyncGenerator<object>,
  failureOf: (error: unknown) => object,
): Promise<void> {
  try {
    for await (const one of shown) {
      write({ id, ...one });
    }
    write({ id, status: "OK" });
  } catch (error) {
    const isInvalid = error instanceof InvalidJson;
    write({ id, ...(isInvalid ? { status: "INVALID_JSON", error: error.message } : failureOf(error)) });
  }
}

export function methodOf({ method }: Call): [DescService, DescMethod] {
  const [serviceName, methodName] = method.split("/");
  const service = SERVICES.find(({ name }) => name === serviceName)!;
  return [service, service.methods.find(({ name }) => name === methodName)!];
}

export function parse(method: DescMethod, request: JsonValue): Message {
  try {
    return fromJson(method.input, request);
  } catch (error) {
    throw new InvalidJson(String(error));
  }
}

export function write(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
