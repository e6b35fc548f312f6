package activitysession.loop;

import activitysession.v1.Event;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A turn that is held, and renewed in a thread, until it is closed.
 *
 * <pre>{@code
 * try (var turn = Turn.take(channel, session, participant, Duration.ofSeconds(30))) {
 *   turn.appendText("To Kyoto.");
 * }
 * }</pre>
 *
 * <p>The time that it is taken for, 100 ms to {@code turn_ttl} of the server, is for how long it outlives the process, or a
 * connection that is gone. It is renewed when a third of that is over, and counts as lost when nine tenths are and it could
 * not be renewed. A participant that holds the turn already gets it anew; what held it before, such as another process,
 * loses it.
 */
public final class Turn implements AutoCloseable {
  private final Channel channel;
  private final Lease lease;
  private final CompletableFuture<StatusRuntimeException> lost = new CompletableFuture<>();
  private final CountDownLatch closed = new CountDownLatch(1);

  private Turn(Channel channel, Lease lease) {
    this.channel = channel;
    this.lease = lease;
    Thread keeper = new Thread(() -> Context.ROOT.run(this::keep), "activity-session-turn");
    keeper.setDaemon(true);
    keeper.start();
  }

  /** Waits for the turn of a session, for up to a day, or until the gRPC {@link Context} is cancelled. */
  public static Turn take(Channel channel, String session, String participant, Duration ttl) {
    return take(channel, session, participant, ttl, Lease.LONGEST_WAIT);
  }

  /**
   * Waits for the turn of a session.
   *
   * @param timeout for how long to wait, up to a day: DEADLINE_EXCEEDED after it; zero to be refused at once, with an error
   *     of the kind TURN_HELD
   */
  public static Turn take(Channel channel, String session, String participant, Duration ttl, Duration timeout) {
    Lease lease = new Lease(channel, session, participant, ttl);
    lease.acquire(timeout);
    return new Turn(channel, lease);
  }

  /** Returns the fencing token: larger than that of each turn of the session before. */
  public long token() {
    return lease.token();
  }

  /**
   * Returns what is completed with the error, of the kind TURN_LOST, when the turn is lost: before anybody else can have it
   * as far as clocks allow, and never by {@link #close}. What takes long looks at it, or has a function run by it.
   */
  public CompletableFuture<StatusRuntimeException> lost() {
    return lost.copy();
  }

  /** Throws the error if the turn is lost. */
  public void check() {
    StatusRuntimeException error = lost.getNow(null);
    if (error != null) {
      throw error;
    }
  }

  /** Appends a text as a message of the holder, with the token; throws TURN_LOST once the turn is lost. */
  public Event appendText(String text) {
    return appendText(text, new EventOptions());
  }

  /** Appends a text of the holder, with the token; throws TURN_LOST once the turn is lost. */
  public Event appendText(String text, EventOptions options) {
    check();
    return Append.text(channel, lease.session, lease.participant, text, options.in(token()));
  }

  /** Appends a value as JSON of the holder, with the token; throws TURN_LOST once the turn is lost. */
  public Event appendJson(Object value, EventOptions options) {
    check();
    return Append.json(channel, lease.session, lease.participant, value, options.in(token()));
  }

  /**
   * Hands the turn back; throws the error, of the kind TURN_LOST, if it was lost before. A second call changes nothing. If
   * the server cannot be reached for 5 s, the turn ends by itself.
   */
  @Override
  public void close() {
    closed.countDown();
    check();
    // Not in the context of the caller, which may be cancelled by now.
    StatusRuntimeException[] taken = new StatusRuntimeException[1];
    Context.ROOT.run(() -> taken[0] = lease.release());
    if (taken[0] != null) {
      throw taken[0];
    }
  }

  /** Renews the turn until it is closed, or lost. */
  private void keep() {
    try {
      while (!closed.await(lease.pauseNanos(), TimeUnit.NANOSECONDS)) {
        StatusRuntimeException error = lease.renew();
        // After close, it is the release that has taken it away.
        if (error != null && closed.getCount() > 0) {
          lost.complete(error);
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody has this thread
    }
  }
}
