import { Code } from "./codes.js";
import { ActivitySessionError } from "./errors.js";
import { ErrorReason } from "./gen/activity_session/v1/error_reason_pb.js";
import type { WatchSessionRequest, WatchSessionResponse } from "./gen/activity_session/v1/session_service_pb.js";

const CODES = new Set<number>([Code.UNAVAILABLE, Code.CANCELLED]);
const REASONS = new Set([ErrorReason.WATCH_TOO_SLOW, ErrorReason.SERVER_FULL, ErrorReason.QUOTA_EXCEEDED]);
// Without a reason from the server they come from a proxy that has lost its connection to the server.
const CODES_BETWEEN = new Set<number>([Code.INTERNAL, Code.UNKNOWN]);

/** Returns whether to open a watch again after an error. */
export function resumes(error: unknown): error is ActivitySessionError {
  if (!(error instanceof ActivitySessionError)) return false;
  const { code, reason } = error;
  return CODES.has(code) || REASONS.has(reason) || (reason === ErrorReason.UNSPECIFIED && CODES_BETWEEN.has(code));
}

/** The error of a stream that ended without one: the server ends no watch so, but a proxy may. */
export function streamEnded(): ActivitySessionError {
  return new ActivitySessionError(Code.UNAVAILABLE, "the stream ended without an error");
}

/** The number after which to go on; a mark is an event too, and a bookmark is after those that were left out. */
export function placeAfter(change: WatchSessionResponse["change"]): bigint {
  if (change.case === "bookmark") return change.value.lastSequence;
  return change.case === "event" || change.case === "mark" ? change.value.sequence : 0n;
}

/** Makes a request ask for what comes after a message, in the same session. */
export function goOnAfter({ change, uid }: WatchSessionResponse, request: WatchSessionRequest): void {
  request.afterSequence = placeAfter(change) || request.afterSequence;
  // Only the first message of a stream tells it, and one from an older server does not.
  request.uid = uid || request.uid;
}
