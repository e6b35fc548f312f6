package activitysession;

import static activitysession.FakeServer.take;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import activitysession.v1.Event;
import activitysession.v1.SessionView;
import activitysession.v1.WatchSessionResponse;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a watch is ended, and what it asks for. */
@Timeout(FakeServer.PATIENCE_SECONDS)
class WatchTest {
  private static final String NAME = "namespaces/default/sessions/x";
  private static final int MANY = 100;

  private int sent;
  private FakeServer server;
  private Watch watch;

  @BeforeEach
  void serve() throws Exception {
    server = new FakeServer();
    watch = watch();
  }

  @AfterEach
  void stop() throws Exception {
    watch.close();
    server.close();
  }

  @Test
  void isClosedWhileItWaitsForAMessage() throws Exception {
    CompletableFuture<Boolean> waiting = CompletableFuture.supplyAsync(watch::hasNext);
    take(server.watches);
    watch.close();
    assertFalse(waiting.get());
    assertThrows(NoSuchElementException.class, watch::next);
  }

  @Test
  void isClosedWhileItWaitsToBeOpenedAgain() throws Exception {
    CompletableFuture<Boolean> waiting = refused(5);
    watch.close();
    assertFalse(waiting.get(1, TimeUnit.SECONDS));
  }

  @Test
  void endsWithItsContext() throws Exception {
    var context = Context.current().withCancellation();
    watch = context.call(this::watch);
    CompletableFuture<Boolean> waiting = refused(5);
    context.cancel(null);
    assertFalse(waiting.get(1, TimeUnit.SECONDS));
  }

  @Test
  void givesWhatItHasPromisedAlsoWhenItIsClosed() {
    server.watching = stream -> stream.onNext(event(1, "first"));
    assertTrue(watch.hasNext());
    watch.close();
    assertEquals(event(1, "first"), watch.next());
    assertFalse(watch.hasNext());
  }

  @Test
  void hasTheUidThatItWasGivenAndThenTheOneThatItWasTold() {
    server.watching = stream -> stream.onNext(event(1, "first").toBuilder().setUid("told").build());
    assertEquals("", watch.uid());
    assertTrue(watch.hasNext());
    assertEquals("told", watch.uid());
    try (Watch resumed = ActivitySession.watch(server.channel, NAME, 1, SessionView.SESSION_VIEW_BASIC, "given")) {
      assertEquals("given", resumed.uid());
    }
  }

  @Test
  void failsWhenTheThreadIsInterrupted() throws Exception {
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    Thread reader = new Thread(() -> failure.complete(assertThrows(StatusRuntimeException.class, watch::hasNext)));
    reader.start();
    take(server.watches);
    reader.interrupt();
    assertEquals(Status.Code.CANCELLED, ErrorDetails.from(failure.get()).code());
    assertFalse(watch.hasNext());
  }

  @Test
  void failsWhenTheChannelIsShutDown() throws Exception {
    CompletableFuture<Boolean> waiting = refused(2);
    server.channel.shutdownNow();
    var failure = assertThrows(ExecutionException.class, waiting::get);
    assertEquals(Status.Code.UNAVAILABLE, ErrorDetails.from(failure).code());
  }

  @Test
  void endsWithWhatItsCallerThrowsOnADisconnect() {
    server.watching = stream -> stream.onError(Status.UNAVAILABLE.withDescription("away").asException());
    List<String> told = new ArrayList<>();
    watch.onDisconnect(error -> {
      told.add(ErrorDetails.from(error).message());
      if (told.size() == 2) {
        throw new IllegalStateException("enough");
      }
    });
    assertEquals("enough", assertThrows(IllegalStateException.class, watch::hasNext).getMessage());
    assertEquals(List.of("away", "away"), told);
    assertFalse(watch.hasNext());
    assertEquals(2, server.watches.size());
  }

  @Test
  void endsWhenItsCallerClosesItOnADisconnect() {
    server.watching = stream -> stream.onError(Status.UNAVAILABLE.asException());
    watch.onDisconnect(error -> watch.close());
    assertFalse(watch.hasNext());
  }

  @Test
  void holdsBackTheServerUntilItIsRead() throws Exception {
    CompletableFuture<Void> allSent = new CompletableFuture<>();
    server.watching = stream -> stream.setOnReadyHandler(() -> send(stream, allSent));
    assertTrue(watch.hasNext());
    assertThrows(TimeoutException.class, () -> allSent.get(500, TimeUnit.MILLISECONDS));
    for (int number = 1; number <= MANY; number++) {
      assertEquals(number, watch.next().getEvent().getSequence());
    }
    allSent.get();
  }

  /** Sends what the network takes, of 25 MiB in all. */
  private void send(ServerCallStreamObserver<WatchSessionResponse> stream, CompletableFuture<Void> allSent) {
    while (stream.isReady() && sent < MANY) {
      stream.onNext(event(++sent, "x".repeat(256 * 1024)));
    }
    if (sent == MANY) {
      allSent.complete(null);
    }
  }

  private Watch watch() {
    return ActivitySession.watch(server.channel, NAME);
  }

  /** A watch that waits to be opened again: after 5 refusals for 1.3 to 1.9 s. */
  private CompletableFuture<Boolean> refused(int times) throws InterruptedException {
    server.watching = stream -> stream.onError(Status.UNAVAILABLE.asException());
    CompletableFuture<Boolean> waiting = CompletableFuture.supplyAsync(watch::hasNext);
    for (int i = 0; i < times; i++) {
      take(server.watches);
    }
    return waiting;
  }

  private static WatchSessionResponse event(long sequence, String text) {
    return WatchSessionResponse.newBuilder().setEvent(Event.newBuilder().setSequence(sequence).setText(text)).build();
  }
}
