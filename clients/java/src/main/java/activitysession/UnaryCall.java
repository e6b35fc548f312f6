package activitysession;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A call that is sent again, under the same request id, when the server returns CANCELLED. It is not sent before its
 * request is complete, so that the first attempt is like the others.
 */
final class UnaryCall<RequestT, ResponseT> extends ClientCall<RequestT, ResponseT> {
  private static final int MAX_ATTEMPTS = 5;

  private final Supplier<ClientCall<RequestT, ResponseT>> calls;
  private final CallOptions options;
  private final Context context = Context.current();
  private final Backoff backoff = new Backoff();
  private Listener<ResponseT> listener = new Listener<>() {};
  private Metadata headers;
  private RequestT request;
  private ClientCall<RequestT, ResponseT> attempt; // null before the first, and while waiting for the next
  private int attempts;
  private boolean cancelled;

  UnaryCall(Supplier<ClientCall<RequestT, ResponseT>> calls, CallOptions options) {
    this.calls = calls;
    this.options = options;
  }

  @Override
  public void start(Listener<ResponseT> listener, Metadata headers) {
    this.listener = listener;
    this.headers = headers;
  }

  @Override
  public void request(int messages) {} // each attempt asks for the one response

  @Override
  public void sendMessage(RequestT message) {
    request = RequestId.in(message);
  }

  @Override
  public void halfClose() {
    context.run(this::send);
  }

  @Override
  public synchronized void cancel(String message, Throwable cause) {
    if (cancelled) {
      return;
    }
    cancelled = true;
    if (attempt != null) {
      attempt.cancel(message, cause);
    } else {
      Status status = Status.CANCELLED.withDescription(message).withCause(cause);
      after(0, () -> listener.onClose(status, new Metadata()));
    }
  }

  @Override
  public synchronized Attributes getAttributes() {
    return attempt == null ? Attributes.EMPTY : attempt.getAttributes();
  }

  private synchronized void send() {
    if (cancelled) {
      return;
    }
    ClientCall<RequestT, ResponseT> call = calls.get();
    attempt = call;
    attempts++;
    Metadata copy = new Metadata(); // gRPC adds headers of its own to those it is given
    copy.merge(headers);
    call.start(new Attempt(), copy);
    call.request(2); // one more than there should be, so that gRPC notices a second response
    call.sendMessage(request);
    call.halfClose();
  }

  /** Schedules another attempt, and returns true, unless attempts or time have run out or the call was cancelled. */
  private synchronized boolean sendAgain() {
    long pause = backoff.next();
    Deadline deadline = options.getDeadline();
    boolean tooLate = deadline != null && deadline.timeRemaining(TimeUnit.MILLISECONDS) <= pause;
    if (cancelled || context.isCancelled() || tooLate || attempts == MAX_ATTEMPTS) {
      return false;
    }
    attempt = null;
    after(pause, this::send);
    return true;
  }

  /** Runs the action on the executor of the call: for a blocking call, on the thread that waits for it. */
  private void after(long millis, Runnable action) {
    Executor executor = options.getExecutor();
    Executor delayed = executor == null
        ? CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS)
        : CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS, executor);
    delayed.execute(context.wrap(action));
  }

  private final class Attempt extends SimpleForwardingClientCallListener<ResponseT> {
    private boolean answered;

    Attempt() {
      super(listener);
    }

    @Override
    public void onHeaders(Metadata headers) {
      answered = true;
      super.onHeaders(headers);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (status.getCode() != Status.Code.CANCELLED || answered || !sendAgain()) {
        super.onClose(status, trailers);
      }
    }
  }
}
