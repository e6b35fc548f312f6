package activitysession;

import java.util.concurrent.ThreadLocalRandom;

/** How long to wait before trying again: 0.1 s, then longer and longer up to 5 s. */
final class Backoff {
  private static final double FIRST_MILLIS = 100;
  private static final double MAX_MILLIS = 5_000;
  private static final double MULTIPLIER = 2;
  // Keeps clients that were disconnected together from reconnecting together.
  private static final double JITTER = 0.2;

  private double pause = FIRST_MILLIS;

  /** Returns the next pause, in milliseconds. */
  long next() {
    double jittered = pause * ThreadLocalRandom.current().nextDouble(1 - JITTER, 1 + JITTER);
    pause = Math.min(pause * MULTIPLIER, MAX_MILLIS);
    return Math.round(jittered);
  }
}
