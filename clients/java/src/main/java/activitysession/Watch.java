package activitysession;

import activitysession.v1.SessionServiceGrpc;
import activitysession.v1.SessionServiceGrpc.SessionServiceBlockingStub;
import activitysession.v1.SessionView;
import activitysession.v1.WatchSessionRequest;
import activitysession.v1.WatchSessionResponse;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

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
 * <p>A message is requested when the previous one has been taken, so a slow loop does not fill the memory.
 */
public final class Watch implements Iterable<WatchSessionResponse>, Iterator<WatchSessionResponse>, AutoCloseable {
  private final Channel channel;
  private final SessionServiceBlockingStub sessions;
  private final Context.CancellableContext context = Context.current().withCancellation();
  private final CountDownLatch closed = new CountDownLatch(1);
  private WatchSessionRequest request;
  private Backoff backoff = new Backoff();
  private Iterator<WatchSessionResponse> stream;
  private WatchSessionResponse message; // that hasNext has read and next has not returned

  Watch(Channel channel, String session, long afterSequence, SessionView view) {
    this.channel = channel;
    sessions = SessionServiceGrpc.newBlockingStub(channel);
    request =
        WatchSessionRequest.newBuilder().setName(session).setAfterSequence(afterSequence).setView(view).build();
    context.addListener(cancelled -> closed.countDown(), Runnable::run);
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
      if (!read()) {
        stream = null;
        pause();
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

  /** Reads a message; returns false if the stream has ended. */
  private boolean read() {
    try {
      if (stream == null) {
        context.run(() -> stream = sessions.watchSession(request));
      }
      if (!stream.hasNext()) {
        return false; // the server ends no watch without an error, but a proxy may
      }
      message = stream.next();
    } catch (StatusRuntimeException e) {
      throwUnlessOvercome(e);
      return false;
    }
    backoff = new Backoff();
    if (message.hasEvent()) {
      request = request.toBuilder().setAfterSequence(message.getEvent().getSequence()).build();
    }
    return true;
  }

  private void throwUnlessOvercome(StatusRuntimeException e) {
    boolean shutDown = channel instanceof ManagedChannel && ((ManagedChannel) channel).isShutdown();
    boolean resumes = !shutDown && !Thread.currentThread().isInterrupted() && Resuming.after(ErrorDetails.from(e));
    if (!context.isCancelled() && !resumes) {
      close();
      throw e;
    }
  }

  private void pause() {
    try {
      closed.await(backoff.next(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // which ends the next stream with CANCELLED
    }
  }
}
