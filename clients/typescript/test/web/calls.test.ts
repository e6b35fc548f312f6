import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import { ActivitySessionError, Code, ErrorReason } from "activity-session/web";
import {
  AppendEventsRequestSchema,
  AppendEventsResponseSchema,
  EventService,
  type AppendEventsRequest,
} from "activity-session/v1/event_service";
import { SessionService } from "activity-session/v1/session_service";
import { TurnLeaseSchema } from "activity-session/v1/turn";
import { connected, refuse, respond, type Serve } from "./server.js";

const append: Serve = (response) => respond(response, AppendEventsResponseSchema, create(AppendEventsResponseSchema));
const away: Serve = (response) => refuse(response, "unavailable");
const cut: Serve = (response) => response.destroy();

/** Serves, and keeps what was sent. */
function keeping(serve: Serve, sent: AppendEventsRequest[]): Serve {
  return (response, request, body) => {
    sent.push(fromBinary(AppendEventsRequestSchema, body));
    serve(response, request, body);
  };
}

test("a call is sent again, with its request id, when the server is away or the connection is cut", async (t) => {
  for (const failing of [away, cut]) {
    const sent: AppendEventsRequest[] = [];
    const events = (await connected(t, [keeping(failing, sent), keeping(append, sent)])).client(EventService);
    await events.appendEvents({ parent: "s" });
    assert.equal(sent.length, 2);
    assert.match(sent[0]!.requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual(sent[0], sent[1]);
  }
});

test("a call is not sent again where its deadline would be over before", async (t) => {
  const sent: AppendEventsRequest[] = [];
  const events = (await connected(t, [keeping(away, sent)])).client(EventService);
  await assert.rejects(events.appendEvents({}, { timeoutMs: 300 }), { code: Code.UNAVAILABLE, details: "away" });
  assert.equal(sent.length, 1);
});

test("a call has the deadline of its caller, or of the service config", async (t) => {
  const deadlines: (string | undefined)[] = [];
  const noting = (serve: Serve): Serve => (response, request, body) => {
    deadlines.push(request.headers["connect-timeout-ms"] as string | undefined);
    serve(response, request, body);
  };
  const acquired: Serve = (response) => respond(response, TurnLeaseSchema, create(TurnLeaseSchema));
  const channel = await connected(t, [noting(append), noting(append), noting(acquired), noting(acquired)]);
  await channel.client(EventService).appendEvents({});
  await channel.client(EventService).appendEvents({}, { timeoutMs: 5000.5 });
  await channel.client(SessionService).acquireTurn({});
  await channel.client(SessionService).acquireTurn({}, { timeoutMs: 60_000 });
  const [config, own, none, longer] = deadlines.map((deadline) => deadline && Number(deadline));
  assert.ok(config && config > 20_000 && config <= 30_000, `${config}`);
  assert.ok(own && own > 1_000 && own <= 5_001 && Number.isInteger(own), `${own}`);
  assert.equal(none, undefined);
  assert.ok(longer && longer > 50_000 && longer <= 60_000, `${longer}`);
});

test("a deadline that is over already fails the call, and nothing is sent", async (t) => {
  const sent: AppendEventsRequest[] = [];
  const events = (await connected(t, [keeping(append, sent)])).client(EventService);
  await assert.rejects(events.appendEvents({}, { timeoutMs: 0 }), { code: Code.DEADLINE_EXCEEDED });
  assert.equal(sent.length, 0);
});

test("a signal cancels, whatever its reason is, and keeps no call that is over", async (t) => {
  const controller = new AbortController();
  const { signal } = controller;
  const events = (await connected(t, [append, () => controller.abort(new TypeError("enough"))])).client(EventService);
  await events.appendEvents({}, { signal });
  assert.equal(getEventListeners(signal, "abort").length, 0);
  await assert.rejects(events.appendEvents({}, { signal }), { code: Code.CANCELLED });
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("the token is asked for at each attempt, and a call is what it was when it was made", async (t) => {
  const sent: AppendEventsRequest[] = [];
  const tokens: (string | undefined)[] = [];
  const noting = (serve: Serve): Serve => (response, request, body) => {
    tokens.push(request.headers.authorization);
    keeping(serve, sent)(response, request, body);
  };
  const token = async () => `t${tokens.length}`;
  const events = (await connected(t, [noting(away), noting(append)], { token })).client(EventService);
  const request = create(AppendEventsRequestSchema, { parent: "before", requestId: "own" });
  const appending = events.appendEvents(request);
  request.parent = "after";
  await appending;
  assert.deepEqual(tokens, ["Bearer t0", "Bearer t1"]);
  assert.equal(sent[0]!.parent, "before");
});

test("text that UTF-8 cannot encode is refused with its field", async (t) => {
  const events = (await connected(t, [append])).client(EventService);
  await assert.rejects(events.appendEvents({ parent: "\ud83d" }), (error) => {
    assert.ok(error instanceof ActivitySessionError);
    assert.equal(error.reason, ErrorReason.INVALID_FIELD);
    assert.deepEqual(error.fieldViolations.map(({ field }) => field), ["parent"]);
    return true;
  });
});
