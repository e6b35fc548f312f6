import assert from "node:assert/strict";
import { test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack, type Any } from "@bufbuild/protobuf/wkt";
import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { ActivitySessionError, ErrorReason } from "activity-session";
import { ErrorInfoSchema } from "activity-session/google/rpc/error_details";
import { StatusSchema } from "activity-session/google/rpc/status";

function failed(packed: Uint8Array): ServiceError {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(packed));
  return Object.assign(new Error("failed"), { code: status.ABORTED, details: "stale", metadata });
}

function failedWith(details: Any[]): ServiceError {
  return failed(toBinary(StatusSchema, create(StatusSchema, { details })));
}

function errorInfo(domain: string, reason: string): Any {
  return anyPack(ErrorInfoSchema, create(ErrorInfoSchema, { domain, reason, metadata: { etag: "7" } }));
}

test("an error of a plain grpc-js client tells the same", () => {
  const cause = failedWith([errorInfo("activity-session", "ETAG_MISMATCH")]);
  const error = ActivitySessionError.from(cause);
  assert.equal(error.code, status.ABORTED);
  assert.equal(error.reason, ErrorReason.ETAG_MISMATCH);
  assert.deepEqual({ ...error.metadata }, { etag: "7" });
  assert.equal(error.message, "ABORTED ETAG_MISMATCH: stale");
  assert.equal(error.cause, cause);
});

test("a reason that is not ours, or not known, is unspecified", () => {
  for (const info of [
    errorInfo("elsewhere.example", "ETAG_MISMATCH"),
    errorInfo("activity-session", "OF_A_NEWER_SERVER"),
    errorInfo("activity-session", `${ErrorReason.ETAG_MISMATCH}`),
  ]) {
    assert.equal(ActivitySessionError.from(failedWith([info])).reason, ErrorReason.UNSPECIFIED);
  }
});

test("details that cannot be read leave the code and the message", () => {
  const broken = errorInfo("activity-session", "ETAG_MISMATCH");
  broken.value = Uint8Array.of(255);
  for (const cause of [failed(Uint8Array.of(255)), failedWith([broken])]) {
    const error = ActivitySessionError.from(cause);
    assert.equal(error.message, "ABORTED: stale");
    assert.deepEqual(error.fieldViolations, []);
  }
});
