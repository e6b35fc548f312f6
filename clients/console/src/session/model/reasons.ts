import { ActivitySessionError, Code, ErrorReason } from "activity-session/web";

/** Returns why a call failed; UNSPECIFIED where no server said so. */
export function reasonOf(error: unknown): ErrorReason {
  return error instanceof ActivitySessionError ? error.reason : ErrorReason.UNSPECIFIED;
}

/** Returns the number of the oldest event that is there, if the error says that those before it were purged. */
export function purgedUpTo(error: unknown): number | undefined {
  if (reasonOf(error) !== ErrorReason.EVENTS_PURGED) return undefined;
  return Number((error as ActivitySessionError).metadata["first_sequence"]);
}

/** Returns whether the server could not be reached, or not serve the call now, so that it is worth trying again. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof ActivitySessionError && error.code === Code.UNAVAILABLE;
}
