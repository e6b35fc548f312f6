package activitysession.loop;

import static activitysession.loop.Refusals.is;

import activitysession.ErrorKind;
import activitysession.v1.AcquireTurnRequest;
import activitysession.v1.ReleaseTurnRequest;
import activitysession.v1.RenewTurnRequest;
import activitysession.v1.SessionServiceGrpc;
import activitysession.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import com.google.protobuf.Duration;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A turn as its holder knows it: for how long it is held for certain, by the clock of this process. It is renewed when a
 * third of its time is over, and given up a tenth before its end: clocks do not run alike, and it takes a moment to stop.
 */
final class Lease {
  // The server lets nobody wait for longer.
  static final java.time.Duration LONGEST_WAIT = java.time.Duration.ofDays(1);
  private static final java.time.Duration CALL = java.time.Duration.ofSeconds(30);
  private static final java.time.Duration RELEASE = java.time.Duration.ofSeconds(5);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  final String session;
  final String participant;
  private final SessionServiceBlockingStub sessions;
  private final long ttlNanos;
  private long token;
  // Counted from before a request was sent.
  private long due;
  private long end;

  Lease(Channel channel, String session, String participant, java.time.Duration ttl) {
    this.session = session;
    this.participant = participant;
    this.ttlNanos = ttl.toNanos();
    sessions = SessionServiceGrpc.newBlockingStub(channel);
  }

  long token() {
    return token;
  }

  /** Waits for the turn, or not at all if the timeout is zero. */
  void acquire(java.time.Duration timeout) {
    boolean wait = !timeout.isZero();
    var request = AcquireTurnRequest.newBuilder()
        .setSession(session).setParticipant(participant).setTtl(ttl()).setWait(wait).build();
    long sent = System.nanoTime();
    token = within(wait ? timeout.toNanos() : CALL.toNanos()).acquireTurn(request).getToken();
    countFrom(sent);
    if (pauseNanos() == 0) {
      renewAfterTheWait();
    }
  }

  /** Returns the nanoseconds until there is something to do. */
  long pauseNanos() {
    long now = System.nanoTime();
    return Math.max(0, Math.min(due - now, end - now));
  }

  /** Renews the turn; returns why it is lost, or null if it is not. */
  StatusRuntimeException renew() {
    long sent = System.nanoTime();
    if (sent - end >= 0) {
      String message = "the turn could not be renewed before its end";
      return Refusals.refusal("TURN_LOST", message, Map.of("resource", session, "token", Long.toString(token)));
    }
    try {
      extend(Math.min(ttlNanos / 3, end - sent));
      countFrom(sent);
    } catch (StatusRuntimeException e) {
      if (is(e, ErrorKind.TURN_LOST) || is(e, ErrorKind.NOT_FOUND)) {
        return e;
      }
      due = System.nanoTime() + RETRY_NANOS; // whatever it is, the turn is held until its end
    }
    return null;
  }

  /** Hands the turn back; returns an error if somebody else has taken it, and otherwise null. */
  StatusRuntimeException release() {
    try {
      within(RELEASE.toNanos())
          .releaseTurn(ReleaseTurnRequest.newBuilder().setSession(session).setToken(token).build());
    } catch (StatusRuntimeException e) {
      return is(e, ErrorKind.TURN_LOST) ? e : null; // otherwise it ends by itself
    }
    return null;
  }

  /** It has waited, and cannot know since when the turn is its own. */
  private void renewAfterTheWait() {
    long sent = System.nanoTime();
    try {
      extend(ttlNanos / 3);
    } catch (StatusRuntimeException e) {
      release();
      throw e;
    }
    countFrom(sent);
  }

  private void extend(long timeoutNanos) {
    within(timeoutNanos).renewTurn(
        RenewTurnRequest.newBuilder().setSession(session).setToken(token).setTtl(ttl()).build());
  }

  private SessionServiceBlockingStub within(long nanos) {
    return sessions.withDeadlineAfter(nanos, TimeUnit.NANOSECONDS);
  }

  private Duration ttl() {
    long second = TimeUnit.SECONDS.toNanos(1);
    return Duration.newBuilder().setSeconds(ttlNanos / second).setNanos((int) (ttlNanos % second)).build();
  }

  private void countFrom(long sent) {
    due = sent + ttlNanos / 3;
    end = sent + ttlNanos / 10 * 9;
  }
}
