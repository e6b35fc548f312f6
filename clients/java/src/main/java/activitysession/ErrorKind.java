package activitysession;

import activitysession.v1.ErrorReason;
import io.grpc.Status;

/** What programs tell apart of errors; {@link ErrorDetails#kind}. */
public enum ErrorKind {
  /** What the call is about is not there. */
  NOT_FOUND,
  /** The name, or the id of an event, is taken. */
  ALREADY_EXISTS,
  /** The session, or what else the call is about, is deleted. */
  DELETED,
  /** What the caller asks for is gone by its age; the metadata {@code first_sequence} says what is left. */
  PURGED,
  /** Somebody else was first, and nothing was written; {@link ErrorDetails#missed}. */
  CONFLICT,
  /** The caller may not do this. */
  PERMISSION_DENIED,
  /** The server, or its database, could not be reached, also not by retries. */
  UNAVAILABLE,
  /** Another participant holds the turn; the metadata {@code holder} and {@code expire_time} say who, and until when. */
  TURN_HELD,
  /** The turn is over, and somebody else may have it. */
  TURN_LOST,
  /** Any other. */
  OTHER;

  static ErrorKind of(ErrorReason reason, Status.Code code) {
    switch (reason) {
      case ERROR_REASON_NAMESPACE_DELETED:
      case ERROR_REASON_PARTICIPANT_DELETED:
      case ERROR_REASON_SESSION_DELETED:
      case ERROR_REASON_MEMORY_DELETED:
        return DELETED;
      case ERROR_REASON_TURN_HELD:
        return TURN_HELD;
      case ERROR_REASON_TURN_LOST:
        return TURN_LOST;
      default:
        return of(code);
    }
  }

  private static ErrorKind of(Status.Code code) {
    switch (code) {
      case NOT_FOUND:
        return NOT_FOUND;
      case ALREADY_EXISTS:
        return ALREADY_EXISTS;
      case OUT_OF_RANGE:
        return PURGED;
      case ABORTED:
        return CONFLICT;
      case PERMISSION_DENIED:
        return PERMISSION_DENIED;
      case UNAVAILABLE:
        return UNAVAILABLE;
      default:
        return OTHER;
    }
  }
}
