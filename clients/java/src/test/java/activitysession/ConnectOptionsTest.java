package activitysession;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import activitysession.v1.CreateSessionRequest;
import activitysession.v1.SessionServiceGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Options that the command line of a driver does not have. */
@Timeout(FakeServer.PATIENCE_SECONDS)
class ConnectOptionsTest {
  @Test
  void eachAttemptSendsTheTokenOfItsTime() throws Exception {
    AtomicInteger count = new AtomicInteger();
    try (var server = new FakeServer(new ConnectOptions().token(() -> "token " + count.incrementAndGet()))) {
      server.refuse(Status.CANCELLED, 1);
      server.refuse(Status.UNAVAILABLE, 1);
      create(server);
      assertEquals("[Bearer token 1, Bearer token 2, Bearer token 3]", server.authorizations.toString());
    }
  }

  @Test
  void eachAttemptSendsOneTokenAlsoWhereGrpcDoesNotRetry() throws Exception {
    var options = new ConnectOptions().token("token").customize(builder -> builder.disableRetry());
    try (var server = new FakeServer(options)) {
      server.refuse(Status.CANCELLED, 1);
      create(server);
      assertEquals("[Bearer token, Bearer token]", server.authorizations.toString());
    }
  }

  @Test
  void withoutATokenToSendACallFails() throws Exception {
    var options = new ConnectOptions().token(() -> {
      throw new IllegalStateException("expired");
    });
    try (var server = new FakeServer(options)) {
      var failure = ErrorDetails.from(assertThrows(StatusRuntimeException.class, () -> create(server)));
      assertEquals(Status.Code.UNAUTHENTICATED, failure.code());
      assertEquals("There is no token to send: java.lang.IllegalStateException: expired", failure.message());
    }
  }

  @Test
  void whatACustomizerSetsWins() throws Exception {
    try (var server = new FakeServer(new ConnectOptions().customize(builder -> builder.disableRetry()))) {
      server.refuse(Status.UNAVAILABLE, 1);
      var failure = ErrorDetails.from(assertThrows(StatusRuntimeException.class, () -> create(server)));
      assertEquals(Status.Code.UNAVAILABLE, failure.code());
    }
  }

  private static void create(FakeServer server) {
    SessionServiceGrpc.newBlockingStub(server.channel).createSession(CreateSessionRequest.getDefaultInstance());
  }
}
