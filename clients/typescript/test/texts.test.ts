import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { ActivitySessionError, ErrorReason, watch } from "activity-session";
import {
  AppendEventsRequestSchema,
  AppendEventsResponseSchema,
  EventService,
  type AppendEventsRequest,
  type AppendEventsResponse,
} from "activity-session/v1/event_service";
import {
  WatchSessionResponseSchema,
  type WatchSessionRequest,
  type WatchSessionResponse,
} from "activity-session/v1/session_service";
import { connected, type Stream, type Unary } from "./server.js";

type Init = MessageInitShape<typeof AppendEventsRequestSchema>;

const HALF = "half an emoji \ud83d";
const REFUSED: [string, Init][] = [
  ["parent", { parent: HALF }],
  ["events[1].text", { events: [{}, { content: { case: "text", value: HALF } }] }],
  ["events[0].media_type", { events: [{ mediaType: HALF }] }],
  ["events[0].labels.title", { events: [{ labels: { title: HALF } }] }],
  ["events[0].labels", { events: [{ labels: { [HALF]: "a" } }] }],
  ["state_updates[0].key", { stateUpdates: [{ key: HALF }] }],
];

test("a text that UTF-8 cannot encode is refused with its field, and nothing is sent", async (t) => {
  let sent = 0;
  const appendEvents: Unary<AppendEventsRequest, AppendEventsResponse> = (_, answer) => {
    sent += 1;
    answer(null, create(AppendEventsResponseSchema));
  };
  const events = (await connected(t, { appendEvents })).client(EventService);
  for (const [field, request] of REFUSED) {
    await assert.rejects(events.appendEvents(request), (error) => {
      assert.ok(error instanceof ActivitySessionError);
      assert.equal(error.code, status.INVALID_ARGUMENT);
      assert.equal(error.reason, ErrorReason.INVALID_FIELD);
      assert.deepEqual(error.fieldViolations.map((violation) => violation.field), [field]);
      assert.match(error.message, /which UTF-8 cannot encode/);
      return true;
    });
  }
  assert.equal(sent, 0);
});

test("a whole emoji, and any other text, is sent as it is", async (t) => {
  const texts = ["\ud83d\ude80", "e\u0301", "\ufffd", "\0", ""];
  const got: (string | undefined)[] = [];
  const appendEvents: Unary<AppendEventsRequest, AppendEventsResponse> = ({ request }, answer) => {
    got.push(...request.events.map(({ labels }) => labels["a"]));
    answer(null, create(AppendEventsResponseSchema));
  };
  const events = (await connected(t, { appendEvents })).client(EventService);
  await events.appendEvents({ events: texts.map((text) => ({ labels: { a: text } })) });
  assert.deepEqual(got, texts);
});

test("a watch is refused too, and does not try again", async (t) => {
  const watchSession: Stream<WatchSessionRequest, WatchSessionResponse> = (call) => {
    call.end(create(WatchSessionResponseSchema));
  };
  const channel = await connected(t, { watchSession });
  await assert.rejects(watch(channel, HALF).next(), { reason: ErrorReason.INVALID_FIELD });
});
