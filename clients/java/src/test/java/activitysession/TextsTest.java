package activitysession;

import static activitysession.FakeServer.take;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import activitysession.v1.CreateSessionRequest;
import activitysession.v1.ErrorReason;
import activitysession.v1.Session;
import activitysession.v1.SessionParticipant;
import activitysession.v1.SessionServiceGrpc;
import io.grpc.Status;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** Text that UTF-8 cannot encode is refused with the name of its field, and not sent. */
@Timeout(FakeServer.PATIENCE_SECONDS)
class TextsTest {
  private static final String HALF = "half an emoji \ud83d";

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
  void itIsRefusedWithItsFieldByStubsOfEachKind() {
    Map<String, CreateSessionRequest> requests = Map.of(
        "parent", CreateSessionRequest.newBuilder().setParent(HALF).build(),
        "session_id", CreateSessionRequest.newBuilder().setSessionId("\ude80 " + HALF).build(),
        "session.description", with(Session.newBuilder().setDescription(HALF)),
        "session.labels.title", with(Session.newBuilder().putLabels("title", HALF)),
        "session.labels", with(Session.newBuilder().putLabels(HALF, "a")),
        "session.participants[1].role", with(Session.newBuilder()
            .addParticipants(SessionParticipant.getDefaultInstance())
            .addParticipants(SessionParticipant.newBuilder().setRole(HALF))));
    requests.forEach((field, request) -> {
      assertRefused(field, () -> SessionServiceGrpc.newBlockingStub(server.channel).createSession(request));
      assertRefused(field, () -> SessionServiceGrpc.newFutureStub(server.channel).createSession(request).get());
    });
    assertNull(server.requests.poll());
  }

  @Test
  void aWatchOfItIsRefused() {
    try (Watch watch = ActivitySession.watch(server.channel, HALF)) {
      assertRefused("name", watch::hasNext);
    }
    assertNull(server.watches.poll());
  }

  @Test
  void anyOtherTextIsSentAsItIs() throws Exception {
    for (String text : new String[] {"\ud83d\ude80", "e\u0301", "\ufffd", "\0", "?"}) {
      CreateSessionRequest request = with(Session.newBuilder().setDescription(text));
      SessionServiceGrpc.newBlockingStub(server.channel).createSession(request);
      assertEquals(text, take(server.requests).getSession().getDescription());
    }
  }

  private static CreateSessionRequest with(Session.Builder session) {
    return CreateSessionRequest.newBuilder().setSession(session).build();
  }

  private static void assertRefused(String field, Executable call) {
    ErrorDetails error = ErrorDetails.from(assertThrows(Exception.class, call));
    assertEquals(Status.Code.INVALID_ARGUMENT, error.code());
    assertEquals(ErrorReason.ERROR_REASON_INVALID_FIELD, error.reason());
    assertEquals(field, error.fieldViolations().get(0).getField());
  }
}
