import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import {
  AppendEventsRequestSchema,
  AppendEventsResponseSchema,
  EventService,
  type AppendEventsRequest,
  type AppendEventsResponse,
} from "activity-session/v1/event_service";
import {
  SessionService,
  WatchSessionResponseSchema,
  type WatchSessionRequest,
  type WatchSessionResponse,
} from "activity-session/v1/session_service";
import { connected, type Stream, type Unary } from "./server.js";

type Append = Unary<AppendEventsRequest, AppendEventsResponse>;
type Watch = Stream<WatchSessionRequest, WatchSessionResponse>;

const APPENDED = create(AppendEventsResponseSchema);
const MEBIBYTE = "x".repeat(1024 * 1024);

function event(value: string) {
  return create(WatchSessionResponseSchema, { change: { case: "event", value: { content: { case: "text", value } } } });
}

test("a request stays as its caller made it, so that sent twice it is two requests", async (t) => {
  const ids = new Set<string>();
  const appendEvents: Append = ({ request }, answer) => {
    ids.add(request.requestId);
    answer(null, APPENDED);
  };
  const events = (await connected(t, { appendEvents })).client(EventService);
  const request = create(AppendEventsRequestSchema, { parent: "s" });
  await events.appendEvents(request);
  await events.appendEvents(request);
  assert.equal(request.requestId, "");
  assert.equal(ids.size, 2);
});

test("large appends are sent again, also when many are under way", async (t) => {
  const attempts = new Map<string, number>();
  const appendEvents: Append = ({ request }, answer) => {
    const attempt = (attempts.get(request.parent) ?? 0) + 1;
    attempts.set(request.parent, attempt);
    answer(attempt === 1 ? { code: status.UNAVAILABLE } : null, APPENDED);
  };
  const events = (await connected(t, { appendEvents })).client(EventService);
  const large = Array.from({ length: 3 }, () => ({ content: { case: "text" as const, value: MEBIBYTE } }));
  const parents = Array.from({ length: 12 }, (_, number) => `s${number}`);
  await Promise.all(parents.map((parent) => events.appendEvents({ parent, events: large })));
  assert.deepEqual([...attempts.values()], parents.map(() => 2));
});

test("the token is asked for at each call, which fails with its failure, and has none where there is none", async (t) => {
  const sent: unknown[] = [];
  const appendEvents: Append = ({ metadata }, answer) => {
    sent.push(...metadata.get("authorization"));
    answer(null, APPENDED);
  };
  let asked = 0;
  const token = async () => {
    asked += 1;
    if (asked === 3) throw new Error("no token");
    return asked === 4 ? undefined : `t${asked}`;
  };
  const events = (await connected(t, { appendEvents }, { token })).client(EventService);
  await events.appendEvents({});
  await events.appendEvents({});
  await assert.rejects(events.appendEvents({}), { message: "no token" });
  await events.appendEvents({});
  assert.deepEqual(sent, ["Bearer t1", "Bearer t2"]);
});

test("a signal cancels, sends nothing when it is aborted already, and keeps no call that is over", async (t) => {
  let calls = 0;
  const appendEvents: Append = ({ request }, answer) => {
    calls += 1;
    if (request.parent === "answered") answer(null, APPENDED);
    else controller.abort();
  };
  const controller = new AbortController();
  const { signal } = controller;
  const events = (await connected(t, { appendEvents })).client(EventService);
  await events.appendEvents({ parent: "answered" }, { signal });
  assert.equal(getEventListeners(signal, "abort").length, 0);
  await assert.rejects(events.appendEvents({ parent: "never answered" }, { signal }), { code: status.CANCELLED });
  await assert.rejects(events.appendEvents({}, { signal }), { code: status.CANCELLED });
  assert.equal(getEventListeners(signal, "abort").length, 0);
  assert.equal(calls, 2);
});

test("a stream that is read slowly holds the server back, and loses nothing", async (t) => {
  const offered = 1000;
  let written = 0;
  const watchSession: Watch = async (call) => {
    for (; written < offered; written += 1) {
      if (!call.write(event(MEBIBYTE.slice(0, 65536)))) await once(call, "drain");
    }
    call.end();
  };
  const appendEvents: Append = (_, answer) => answer(null, APPENDED);
  const channel = await connected(t, { watchSession, appendEvents });
  let read = 0;
  for await (const _ of channel.client(SessionService).watchSession({})) {
    read += 1;
    if (read > 1) continue;
    // A hundred round trips: a server that is not held back would keep writing meanwhile.
    for (let call = 0; call < 100; call += 1) await channel.client(EventService).appendEvents({});
    assert.ok(written < offered / 4, `${written} are written`);
  }
  assert.equal(read, offered);
});
