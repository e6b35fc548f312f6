package activitysession;

import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * The failures of a watch: its caller is told of each, the log of the first and then of at most one in 30 s. Used in the
 * thread of the loop only.
 */
final class Disconnects {
  private static final System.Logger LOGGER = System.getLogger("activitysession");
  private static final Duration LOG_INTERVAL = Duration.ofSeconds(30);

  private final String session;
  private final String target;
  private Consumer<StatusRuntimeException> caller = error -> {};
  private Backoff backoff = new Backoff();
  private int attempts;
  private long nextLog = System.nanoTime();

  Disconnects(String session, String target) {
    this.session = session;
    this.target = target;
  }

  void setCaller(Consumer<StatusRuntimeException> caller) {
    this.caller = caller;
  }

  /** Begins to count again, after a message. */
  void forget() {
    attempts = 0;
    backoff = new Backoff();
  }

  /** Tells of a failed attempt, and returns the milliseconds to wait before the next one. */
  long tell(StatusRuntimeException error) {
    caller.accept(error);
    attempts++;
    long pause = backoff.next();
    if (System.nanoTime() - nextLog >= 0) {
      nextLog = System.nanoTime() + LOG_INTERVAL.toNanos();
      log(error, pause);
    }
    return pause;
  }

  private void log(StatusRuntimeException error, long pause) {
    // Where nothing listens, only the cause of gRPC's own "io exception" says so.
    String cause = error.getCause() == null ? "" : ": " + error.getCause().getMessage();
    LOGGER.log(System.Logger.Level.WARNING, () -> String.format(
        Locale.ROOT, "The watch of %s at %s failed: %s%s (attempt %d, the next one in %.1f s)",
        session, target, ErrorDetails.from(error), cause, attempts, pause / 1000.0));
  }
}
