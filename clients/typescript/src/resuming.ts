import { status } from "@grpc/grpc-js";
import { ActivitySessionError } from "./errors.js";
import { ErrorReason } from "./gen/activity_session/v1/error_reason_pb.js";

const CODES = new Set([status.UNAVAILABLE, status.CANCELLED]);
const REASONS = new Set([ErrorReason.WATCH_TOO_SLOW, ErrorReason.SERVER_FULL]);
// Without a reason of the server's own they come from what stands between: a proxy that lost its other side.
const CODES_BETWEEN = new Set([status.INTERNAL, status.UNKNOWN]);

/** Whether the watch that this error has ended can be opened again. */
export function resumes(error: unknown): boolean {
  if (!(error instanceof ActivitySessionError)) return false;
  const { code, reason } = error;
  return CODES.has(code) || REASONS.has(reason) || (reason === ErrorReason.UNSPECIFIED && CODES_BETWEEN.has(code));
}
