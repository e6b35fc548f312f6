import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { create, fromBinary } from "@bufbuild/protobuf";
import { Code, watch } from "activity-session/web";
import {
  SessionService,
  WatchSessionRequestSchema,
  WatchSessionResponseSchema,
} from "activity-session/v1/session_service";
import { connected, send, type Serve } from "./server.js";

function event(sequence: bigint): Serve {
  const message = create(WatchSessionResponseSchema, { change: { case: "event", value: { sequence } } });
  return (response) => send(response, WatchSessionResponseSchema, message);
}

test("a watch leaves a stream on which nothing comes any more, and goes on with another one", async (t) => {
  const resumed: bigint[] = [];
  // After the first event nothing comes, on the stream that had it and on the next one.
  const serve: Serve = (response, request, body) => {
    const { afterSequence } = fromBinary(WatchSessionRequestSchema, body.subarray(5));
    if (afterSequence === 0n || resumed.at(-1) === 1n) event(afterSequence + 1n)(response, request, body);
    resumed.push(afterSequence);
  };
  const channel = await connected(t, [serve], { quietMs: 200 });
  const told = new Set<string>();
  const watching = watch(channel, "s", { onDisconnect: ({ message }) => void told.add(message) });
  const sequences: unknown[] = [];
  for await (const { change } of watching) {
    sequences.push(change.case === "event" && change.value.sequence);
    if (sequences.length === 2) break;
  }
  assert.deepEqual(sequences, [1n, 2n]);
  assert.deepEqual([...new Set(resumed)], [0n, 1n]);
  assert.deepEqual([...told], ["UNAVAILABLE: nothing has come for 0.2 s"]);
});

test("a reader who takes long is not a stream on which nothing comes", async (t) => {
  const both: Serve = (...served) => {
    event(1n)(...served);
    event(2n)(...served);
  };
  const channel = await connected(t, [both], { quietMs: 500 });
  let read = 0;
  for await (const _ of channel.client(SessionService).watchSession({})) {
    read += 1;
    if (read === 2) break;
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
  assert.equal(read, 2);
});

test("a stream whose connection is lost fails with UNAVAILABLE", async (t) => {
  const cut: Serve = (response, ...served) => {
    event(1n)(response, ...served);
    setImmediate(() => response.destroy());
  };
  const streaming = (await connected(t, [cut])).client(SessionService).watchSession({});
  const reading = async () => {
    for await (const _ of streaming);
  };
  await assert.rejects(reading(), { code: Code.UNAVAILABLE });
});

test("leaving a watch ends its request", async (t) => {
  let closed: Promise<unknown> | undefined;
  const serve: Serve = (response, ...served) => {
    closed = once(response, "close");
    event(1n)(response, ...served);
  };
  for await (const _ of watch(await connected(t, [serve]), "s")) break;
  await closed;
  assert.ok(closed);
});
