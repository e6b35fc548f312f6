package activitysession;

import activitysession.v1.ErrorReason;

/** Which errors of a watch are overcome by opening it again. */
final class Resuming {
  private Resuming() {}

  /** Whether the same watch can go on after an error that its caller did not ask for. */
  static boolean after(ErrorDetails error) {
    switch (error.code()) {
      case UNAVAILABLE:
      case CANCELLED:
        return true;
      case INTERNAL:
      case UNKNOWN:
        // Without a reason of the server's own they come from what stands between: a proxy that lost its other side.
        return error.reason() == ErrorReason.ERROR_REASON_UNSPECIFIED;
      default:
        return error.reason() == ErrorReason.ERROR_REASON_WATCH_TOO_SLOW
            || error.reason() == ErrorReason.ERROR_REASON_SERVER_FULL;
    }
  }
}
