package activitysession;

import static activitysession.FakeServer.take;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import activitysession.v1.CreateSessionRequest;
import activitysession.v1.Session;
import activitysession.v1.SessionServiceGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls by stubs of each kind are sent again, but not after their caller has given up. */
@Timeout(FakeServer.PATIENCE_SECONDS)
class StubsTest {
  private static final CreateSessionRequest REQUEST = CreateSessionRequest.getDefaultInstance();

  private FakeServer server;

  @BeforeEach
  void serve() throws Exception {
    server = new FakeServer();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void aBlockingCallIsSentAgainAfterPauses() throws Exception {
    server.refuse(Status.CANCELLED, 2);
    long start = System.nanoTime();
    SessionServiceGrpc.newBlockingStub(server.channel).createSession(REQUEST);
    assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(80 + 160));
    assertThreeOfOneId();
  }

  @Test
  void aFutureIsSentAgain() throws Exception {
    server.refuse(Status.CANCELLED, 2);
    SessionServiceGrpc.newFutureStub(server.channel).createSession(REQUEST).get();
    assertThreeOfOneId();
  }

  @Test
  void manyLargeCallsAreSentAgainAtOnce() throws Exception {
    server.refuse(Status.UNAVAILABLE, 8);
    Session large = Session.newBuilder().setData("x".repeat(3 << 20)).build();
    var futures = Stream.generate(() -> SessionServiceGrpc.newFutureStub(server.channel)
        .createSession(REQUEST.toBuilder().setSession(large).build())).limit(8).collect(Collectors.toList());
    for (var future : futures) {
      future.get();
    }
    assertEquals(16, server.requests.size());
  }

  @Test
  void anInterruptedBlockingCallIsNotSentAgain() throws Exception {
    server.refuse(Status.CANCELLED, 3);
    CompletableFuture<Status.Code> ended = new CompletableFuture<>();
    Thread caller = new Thread(() -> ended.complete(code(() ->
        SessionServiceGrpc.newBlockingStub(server.channel).createSession(REQUEST))));
    caller.start();
    takeThree();
    caller.interrupt();
    assertEquals(Status.Code.CANCELLED, ended.get());
    assertNothingComes();
  }

  @Test
  void aCancelledFutureIsNotSentAgain() throws Exception {
    server.refuse(Status.CANCELLED, 3);
    var future = SessionServiceGrpc.newFutureStub(server.channel).createSession(REQUEST);
    takeThree();
    future.cancel(true);
    assertNothingComes();
  }

  private void assertThreeOfOneId() throws InterruptedException {
    String id = take(server.requests).getRequestId();
    assertNotEquals("", id);
    assertEquals(id, take(server.requests).getRequestId());
    assertEquals(id, take(server.requests).getRequestId());
    assertNull(server.requests.poll());
  }

  /** Takes three attempts; the next is sent 0.3 to 0.5 s later. */
  private void takeThree() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      take(server.requests);
    }
  }

  private void assertNothingComes() throws InterruptedException {
    assertNull(server.requests.poll(600, TimeUnit.MILLISECONDS));
  }

  private static Status.Code code(Supplier<Session> call) {
    return assertThrows(StatusRuntimeException.class, call::get).getStatus().getCode();
  }
}
