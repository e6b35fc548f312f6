import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { EmptySchema, type Empty } from "@bufbuild/protobuf/wkt";
import { status, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { ActivitySessionError, takeTurn } from "activity-session";
import { TurnLeaseSchema, type TurnLease } from "activity-session/v1/turn";
import type { ReleaseTurnRequest } from "activity-session/v1/session_service";
import { connected, type Unary } from "./server.js";

/** The methods of a server whose turns cannot be renewed; `released` has the tokens of those that were handed back. */
function methods(released: bigint[]): UntypedServiceImplementation {
  const acquireTurn: Unary<unknown, TurnLease> = (_, answer) => answer(null, create(TurnLeaseSchema, { token: 7n }));
  const renewTurn: Unary<unknown, TurnLease> = (_, answer) => answer({ code: status.INTERNAL, details: "away" });
  const releaseTurn: Unary<ReleaseTurnRequest, Empty> = ({ request }, answer) => {
    released.push(request.token);
    answer(null, create(EmptySchema));
  };
  return { acquireTurn, renewTurn, releaseTurn };
}

test("the block of a turn throws its own error, and hands the turn back", async (t) => {
  const released: bigint[] = [];
  const channel = await connected(t, methods(released));
  const block = async () => {
    await using turn = await takeTurn(channel, "s", "p");
    throw new RangeError(String(turn.token));
  };
  await assert.rejects(block, RangeError);
  assert.deepEqual(released, [7n]);
});

test("the signal of a turn that nothing renews is aborted with the error, which its release throws", async (t) => {
  const released: bigint[] = [];
  const turn = await takeTurn(await connected(t, methods(released)), "s", "p", { ttlMs: 300 });
  await new Promise((resolve) => turn.signal.addEventListener("abort", resolve));
  const lost = turn.signal.reason as ActivitySessionError;
  assert.ok(lost instanceof ActivitySessionError);
  assert.equal(lost.kind, "TurnLost");
  await assert.rejects(turn.release(), (error) => error === lost);
  await assert.rejects(turn.appendText("late"), (error) => error === lost);
  assert.deepEqual(released, []);
});
