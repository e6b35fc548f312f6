import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { Metadata, status } from "@grpc/grpc-js";
import { ErrorReason, watch, type ActivitySessionError } from "activity-session";
import { ErrorInfoSchema } from "activity-session/google/rpc/error_details";
import { StatusSchema } from "activity-session/google/rpc/status";
import { EventSchema, type Event } from "activity-session/v1/event";
import {
  ListEventsResponseSchema,
  type ListEventsRequest,
  type ListEventsResponse,
} from "activity-session/v1/event_service";
import { SessionSchema, type Session } from "activity-session/v1/session";
import {
  SessionService,
  WatchSessionResponseSchema,
  type GetSessionRequest,
  type WatchSessionRequest,
  type WatchSessionResponse,
} from "activity-session/v1/session_service";
import { connected, type Stream, type Unary } from "./server.js";

type Watch = Stream<WatchSessionRequest, WatchSessionResponse>;

const LOG = Array.from({ length: 300 }, (_, index) => create(EventSchema, { sequence: BigInt(index + 1) }));

const getSession: Unary<GetSessionRequest, Session> = (_, answer) => answer(null, create(SessionSchema));

function message(value: Event) {
  return create(WatchSessionResponseSchema, { change: { case: "event", value } });
}

function sessionDeleted() {
  return refused(status.FAILED_PRECONDITION, "SESSION_DELETED");
}

function refused(code: status, reason: string) {
  const info = create(ErrorInfoSchema, { domain: "activity-session", reason });
  const packed = toBinary(StatusSchema, create(StatusSchema, { details: [anyPack(ErrorInfoSchema, info)] }));
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(packed));
  return { code, metadata };
}

test("a slow reader gets all events of a session that was deleted", async (t) => {
  const watchSession: Watch = (call) => {
    for (const event of LOG) call.write(message(event));
    call.emit("error", sessionDeleted());
  };
  const listedAfter: bigint[] = [];
  const listEvents: Unary<ListEventsRequest, ListEventsResponse> = ({ request }, answer) => {
    listedAfter.push(request.afterSequence);
    const start = Number(request.pageToken || request.afterSequence);
    const nextPageToken = start + 100 < LOG.length ? `${start + 100}` : "";
    answer(null, create(ListEventsResponseSchema, { events: LOG.slice(start, start + 100), nextPageToken }));
  };
  const channel = await connected(t, { watchSession, listEvents, getSession });
  const sequences: (bigint | undefined)[] = [];
  const reading = async () => {
    for await (const { change } of watch(channel, "s")) {
      // With a round trip after each event, the end has come before most of them are read.
      await channel.client(SessionService).getSession({});
      sequences.push(change.case === "event" ? change.value.sequence : undefined);
    }
  };
  await assert.rejects(reading(), { reason: ErrorReason.SESSION_DELETED });
  assert.ok(listedAfter[0]! < LOG.length, "nothing was dropped");
  assert.deepEqual(sequences, LOG.map(({ sequence }) => sequence));
});

test("the rest of the log is that of the session that was watched", async (t) => {
  let end = () => {};
  const watchSession: Watch = (call) => {
    end = () => call.emit("error", sessionDeleted());
    call.write(create(WatchSessionResponseSchema, { ...message(LOG[0]!), uid: "first" }));
  };
  const uids: string[] = [];
  const listEvents: Unary<ListEventsRequest, ListEventsResponse> = ({ request }, answer) => {
    uids.push(request.uid);
    answer(refused(status.NOT_FOUND, "SESSION_NOT_FOUND"));
  };
  const channel = await connected(t, { watchSession, listEvents });
  const reading = async () => {
    for await (const _ of watch(channel, "s")) end();
  };
  await assert.rejects(reading(), { reason: ErrorReason.SESSION_DELETED });
  assert.deepEqual(uids, ["first"]);
});

for (const [showSuperseded, expected] of [
  [false, ["event 2", "mark 3"]],
  [true, ["event 1", "event 2", "mark 3"]],
] as const) {
  test(`the rest of the log has its marks, and superseded events if asked for: ${showSuperseded}`, async (t) => {
    const watchSession: Watch = (call) => call.emit("error", sessionDeleted());
    const events = [
      create(EventSchema, { sequence: 1n, supersededBy: 3n }),
      create(EventSchema, { sequence: 2n }),
      create(EventSchema, { sequence: 3n, supersession: { ranges: [{ firstSequence: 1n, lastSequence: 1n }] } }),
    ];
    const listEvents: Unary<ListEventsRequest, ListEventsResponse> = ({ request }, answer) => {
      const listed = request.showSuperseded ? events : [events[1]!];
      answer(null, create(ListEventsResponseSchema, { events: listed }));
    };
    const channel = await connected(t, { watchSession, listEvents });
    const found: string[] = [];
    const reading = async () => {
      for await (const { change } of watch(channel, "s", { showSuperseded })) {
        if (change.case === "event" || change.case === "mark") found.push(`${change.case} ${change.value.sequence}`);
      }
    };
    await assert.rejects(reading(), { reason: ErrorReason.SESSION_DELETED });
    assert.deepEqual(found, expected);
  });
}

test("a watch has the uid that it was given, and then the one that it was told", async (t) => {
  const watchSession: Watch = (call) => call.write(create(WatchSessionResponseSchema, { uid: "told" }));
  const channel = await connected(t, { watchSession });
  assert.equal(watch(channel, "s", { uid: "given" }).uid, "given");
  const watching = watch(channel, "s");
  assert.equal(watching.uid, "");
  for await (const _ of watching) break;
  assert.equal(watching.uid, "told");
});

test("an aborted watch ends with the message at hand", async (t) => {
  const watchSession: Watch = (call) => {
    for (const event of LOG) call.write(message(event));
  };
  const channel = await connected(t, { watchSession, getSession });
  const controller = new AbortController();
  let read = 0;
  for await (const _ of watch(channel, "s", { signal: controller.signal })) {
    read += 1;
    // After a round trip, more messages wait to be read.
    await channel.client(SessionService).getSession({});
    if (read === 2) controller.abort();
  }
  assert.equal(read, 2);
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
});

test("a watch ends with what its caller throws on a disconnect, also later", async (t) => {
  const watchSession: Watch = (call) => call.emit("error", { code: status.UNAVAILABLE, details: "away" });
  const channel = await connected(t, { watchSession });
  const told: string[] = [];
  const onDisconnect = async ({ details }: ActivitySessionError) => {
    await setImmediate();
    told.push(details);
    if (told.length === 2) throw new RangeError("enough");
  };
  await assert.rejects(watch(channel, "s", { onDisconnect }).next(), new RangeError("enough"));
  assert.deepEqual(told, ["away", "away"]);
});

test("the first disconnect of a watch is a warning of Node.js", async (t) => {
  const watchSession: Watch = (call) => call.emit("error", { code: status.UNAVAILABLE, details: "away" });
  const channel = await connected(t, { watchSession });
  const warnings: Error[] = [];
  const listener = (warning: Error) => warnings.push(warning);
  process.on("warning", listener);
  t.after(() => process.off("warning", listener));
  const controller = new AbortController();
  let count = 0;
  const onDisconnect = () => {
    count += 1;
    if (count === 3) controller.abort();
  };
  await watch(channel, "trip", { onDisconnect, signal: controller.signal }).next();
  const ours = warnings.filter(({ name }) => name === "ActivitySessionWarning");
  assert.equal(ours.length, 1);
  const text = /^The watch of trip at (\S+) failed: UNAVAILABLE: away \(attempt 1, the next one in 0\.1 s\)$/;
  assert.equal(text.exec(ours[0]!.message)?.[1], channel.target);
});

test("leaving a watch cancels its call", async (t) => {
  let cancelled: Promise<unknown> | undefined;
  const watchSession: Watch = (call) => {
    cancelled = once(call, "cancelled");
    call.write(message(LOG[0]!));
  };
  for await (const _ of watch(await connected(t, { watchSession }), "s")) break;
  assert.ok(await cancelled);
});
