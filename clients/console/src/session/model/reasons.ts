import { ActivitySessionError, Code, ErrorReason } from "activity-session/web";

/** Returns the error of a call that failed; what else was thrown is a bug, and thrown again. */
export function failureOf(error: unknown): ActivitySessionError {
  if (error instanceof ActivitySessionError) return error;
  throw error;
}

/** Returns the number of the oldest event that is there, if the error says that those before it were purged. */
export function purgedUpTo({ reason, metadata }: ActivitySessionError): number | undefined {
  return reason === ErrorReason.EVENTS_PURGED ? Number(metadata["first_sequence"]) : undefined;
}

/** Returns whether the server could not be reached, or not serve the call now, so that it is worth trying again. */
export function isUnavailable({ code }: ActivitySessionError): boolean {
  return code === Code.UNAVAILABLE;
}
