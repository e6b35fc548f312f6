import { Code, ErrorReason, type ActivitySessionError } from "activity-session/web";

/** What to say above a server's message, by the status: what happened, and what can be done. */
const ADVICE: Partial<Record<Code, string>> = {
  [Code.UNAUTHENTICATED]: "The server wants to know who you are: sign in with a token.",
  [Code.UNAVAILABLE]: "The server cannot be reached, or cannot work now. The console tries again by itself.",
  [Code.RESOURCE_EXHAUSTED]: "There are too many calls now: wait a moment, then try again.",
  [Code.DEADLINE_EXCEEDED]: "It took too long: try again, or ask for less.",
  [Code.NOT_FOUND]: "It is not there: it may have been expunged, or its name is another one.",
  [Code.INVALID_ARGUMENT]: "The server does not take this request: correct what the message names.",
};

/** What to say instead where the reason says more than the status. */
const REASONS: Partial<Record<ErrorReason, string>> = {
  [ErrorReason.TURN_HELD]: "Somebody else has the turn: wait until it ends, or is handed back.",
  [ErrorReason.TURN_LOST]: "The turn is over, or has been given to somebody else: take it again.",
  [ErrorReason.TURN_REQUIRED]: "This session takes events only from whoever has the turn: take it first.",
  [ErrorReason.SESSION_DELETED]: "The session is deleted: it takes nothing more, unless somebody brings it back.",
  [ErrorReason.SESSION_DISABLED]: "The session is disabled: it takes nothing until somebody enables it.",
  [ErrorReason.PARTICIPANT_NOT_FOUND]: "There is no such participant in this namespace: make one first.",
  [ErrorReason.COMMIT_OUTCOME_UNKNOWN]: "Nobody knows yet whether it was written: look, then try again, which is safe.",
};

/** Returns what somebody can do about an error. */
export function adviceOn({ code, reason, metadata }: ActivitySessionError): string {
  if (reason === ErrorReason.PERMISSION_DENIED) return denied(metadata);
  return REASONS[reason] ?? ADVICE[code as Code] ?? `The call failed with ${Code[code]}.`;
}

function denied({ permission, resource }: Readonly<Record<string, string>>): string {
  const role = permission ? `the role ${permission}` : "a grant";
  return `You may not see this. Whoever operates the server can give you ${role}${resource ? ` for ${resource}` : ""}.`;
}
