package activitysession;

import activitysession.v1.ErrorReason;

/** After which errors a watch is opened again. */
final class Resuming {
  private Resuming() {}

  /** Returns whether to open a watch again after an error; not for one that its caller has cancelled. */
  static boolean after(ErrorDetails error) {
    switch (error.code()) {
      case UNAVAILABLE:
      case CANCELLED:
        return true;
      case INTERNAL:
      case UNKNOWN:
        // Without a reason from the server they come from a proxy that has lost its connection to the server.
        return error.reason() == ErrorReason.ERROR_REASON_UNSPECIFIED;
      default:
        return error.reason() == ErrorReason.ERROR_REASON_WATCH_TOO_SLOW
            || error.reason() == ErrorReason.ERROR_REASON_SERVER_FULL
            || error.reason() == ErrorReason.ERROR_REASON_QUOTA_EXCEEDED;
    }
  }
}
