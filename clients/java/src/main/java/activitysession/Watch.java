package activitysession;

import activitysession.v1.SessionServiceGrpc;
import activitysession.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import activitysession.v1.WatchSessionRequest;
import activitysession.v1.WatchSessionResponse;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The messages of a session as they come, for one loop in one thread. After a disconnect it reconnects, however long it
 * takes.
 *
 * <pre>{@code
 * try (var watch = ActivitySession.watch(channel, session)) {
 *   for (var message : watch) { ... }
 * }
 * }</pre>
 *
 * <p>The loop ends when the watch is closed, or the gRPC {@link Context} in which it was made is cancelled. It throws a
 * {@link StatusRuntimeException} if reconnecting does not help, as after SESSION_NOT_FOUND or SESSION_DELETED, when the
 * channel is shut down, and when the thread is interrupted (CANCELLED); {@link ErrorDetails#from} reads it.
 *
 * <p>If the session was expunged during a disconnect, it ends with SESSION_NOT_FOUND, even if another session has its
 * name now.
 *
 * <p>While a server cannot be reached the watch waits and tries again, without end. The logger {@code activitysession}
 * ({@link System.Logger}) gets a warning of the first failure, and then of at most one in 30 s: the session, the address,
 * the status code and its message, how many attempts have failed since the last message, and in how many seconds the
 * next one is.
 *
 * <p>A message is requested when the previous one has been taken, so a slow loop does not fill the memory.
 */
public final class Watch implements Iterable<WatchSessionResponse>, Iterator<WatchSessionResponse>, AutoCloseable {
  private final Channel channel;
  private final SessionServiceBlockingStub sessions;
  private final Context.CancellableContext context = Context.current().withCancellation();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Disconnects disconnects;
  private WatchSessionRequest request;
  private Iterator<WatchSessionResponse> stream;
  private WatchSessionResponse message; // that hasNext has read and next has not returned

  Watch(Channel channel, WatchSessionRequest request) {
    this.channel = channel;
    this.request = request;
    sessions = SessionServiceGrpc.newBlockingStub(channel);
    disconnects = new Disconnects(request.getName(), channel.authority());
    context.addListener(cancelled -> closed.countDown(), Runnable::run);
  }

  /**
   * Returns the uid of the session: that given to the watch, or else that of the first message; empty until then. To be
   * called in the thread of the loop.
   */
  public String uid() {
    return request.getUid();
  }

  /**
   * Has each failure told to a function, before the watch waits for the next attempt; to be called before the loop, in
   * whose thread the function is called.
   *
   * @param caller what it throws ends the watch: to give up, throw the exception. One that ends the watch anyway is
   *     thrown, and not given to it
   * @return this watch
   */
  public Watch onDisconnect(Consumer<StatusRuntimeException> caller) {
    disconnects.setCaller(caller);
    return this;
  }

  /** Returns this watch itself: it can be iterated only once. */
  @Override
  public Iterator<WatchSessionResponse> iterator() {
    return this;
  }

  /** Waits for a message; returns false when the watch is closed. */
  @Override
  public boolean hasNext() {
    while (message == null && !context.isCancelled()) {
      try {
        read();
      } catch (StatusRuntimeException e) {
        stream = null;
        overcome(e);
      }
    }
    return message != null;
  }

  @Override
  public WatchSessionResponse next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    WatchSessionResponse next = message;
    message = null;
    return next;
  }

  /** Ends the iteration, from any thread. A second call changes nothing. */
  @Override
  public void close() {
    context.cancel(null);
  }

  private void read() {
    if (stream == null) {
      context.run(() -> stream = sessions.watchSession(request));
    }
    if (!stream.hasNext()) {
      // The server ends no watch without an error, but a proxy may.
      throw Status.UNAVAILABLE.withDescription("the stream ended without an error").asRuntimeException();
    }
    message = stream.next();
    disconnects.forget();
    goOnAfter(message);
  }

  /** Makes the next request ask for what comes after a message, in the same session. */
  private void goOnAfter(WatchSessionResponse message) {
    WatchSessionRequest.Builder next = request.toBuilder();
    // A mark is an event too; a bookmark is after those that were left out.
    if (message.hasEvent()) {
      next.setAfterSequence(message.getEvent().getSequence());
    } else if (message.hasMark()) {
      next.setAfterSequence(message.getMark().getSequence());
    } else if (message.hasBookmark()) {
      next.setAfterSequence(message.getBookmark().getLastSequence());
    }
    // Only the first message of a stream tells it, and one from an older server does not.
    if (!message.getUid().isEmpty()) {
      next.setUid(message.getUid());
    }
    request = next.build();
  }

  /** Tells of a failure, and waits until it is time for the next attempt; throws if there is none. */
  private void overcome(StatusRuntimeException e) {
    if (context.isCancelled()) {
      return;
    }
    try {
      if (!resumesAfter(e)) {
        throw e;
      }
      closed.await(disconnects.tell(e), TimeUnit.MILLISECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt(); // which ends the next stream with CANCELLED
    } catch (RuntimeException | Error thrown) {
      close();
      throw thrown;
    }
  }

  private boolean resumesAfter(StatusRuntimeException e) {
    boolean shutDown = channel instanceof ManagedChannel && ((ManagedChannel) channel).isShutdown();
    return !shutDown && !Thread.currentThread().isInterrupted() && Resuming.after(ErrorDetails.from(e));
  }
}
