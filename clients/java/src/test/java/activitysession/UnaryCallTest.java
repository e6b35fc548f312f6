package activitysession;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a call does at moments that a server cannot bring about. */
class UnaryCallTest {
  private final BlockingQueue<Attempt> attempts = new LinkedBlockingQueue<>();
  private final BlockingQueue<Status> ends = new LinkedBlockingQueue<>();
  private final Context.CancellableContext context = Context.current().withCancellation();
  private UnaryCall<String, String> call;

  @BeforeEach
  void make() {
    context.run(() -> call = new UnaryCall<>(Attempt::new, CallOptions.DEFAULT));
  }

  @Test
  void cancelledWhileItWaitsItEndsAtOnceAndIsNotSentAgain() throws Exception {
    send();
    FakeServer.take(attempts).listener.onClose(Status.CANCELLED, new Metadata());
    call.cancel("enough", null);
    assertEquals("enough", FakeServer.take(ends).getDescription());
    assertNull(attempts.poll(500, TimeUnit.MILLISECONDS));
    assertNull(ends.poll());
  }

  @Test
  void cancelledBeforeItIsSentItEndsWithoutBeingSent() throws Exception {
    start();
    call.cancel("enough", null);
    call.cancel("again", null);
    assertEquals("enough", FakeServer.take(ends).getDescription());
    assertNull(ends.poll());
    assertNull(attempts.poll());
  }

  @Test
  void inACancelledContextItIsNotSentAgain() throws Exception {
    send();
    context.cancel(null);
    FakeServer.take(attempts).listener.onClose(Status.CANCELLED, new Metadata());
    assertEquals(Status.Code.CANCELLED, FakeServer.take(ends).getCode());
  }

  @Test
  void whatHasBegunToBeAnsweredIsNotSentAgain() throws Exception {
    send();
    Attempt attempt = FakeServer.take(attempts);
    attempt.listener.onHeaders(new Metadata());
    attempt.listener.onClose(Status.CANCELLED, new Metadata());
    assertEquals(Status.Code.CANCELLED, FakeServer.take(ends).getCode());
  }

  private void start() {
    call.start(new ClientCall.Listener<>() {
      @Override
      public void onClose(Status status, Metadata trailers) {
        ends.add(status);
      }
    }, new Metadata());
  }

  private void send() {
    start();
    call.sendMessage("hello");
    call.halfClose();
  }

  /** An attempt that goes nowhere. */
  private final class Attempt extends ClientCall<String, String> {
    private Listener<String> listener;

    @Override
    public void start(Listener<String> listener, Metadata headers) {
      this.listener = listener;
      attempts.add(this);
    }

    @Override
    public void request(int messages) {}

    @Override
    public void cancel(String message, Throwable cause) {}

    @Override
    public void halfClose() {}

    @Override
    public void sendMessage(String message) {}
  }
}
