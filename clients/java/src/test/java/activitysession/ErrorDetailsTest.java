package activitysession;

import static org.junit.jupiter.api.Assertions.assertEquals;

import activitysession.v1.Conflict;
import activitysession.v1.ErrorReason;
import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** What is read from an error, also from one wrapped in another. */
class ErrorDetailsTest {
  private static final FieldViolation VIOLATION =
      FieldViolation.newBuilder().setField("etag").setDescription("is stale").build();
  private static final com.google.rpc.Status MISMATCH = com.google.rpc.Status.newBuilder()
      .setCode(Status.Code.ABORTED.value())
      .setMessage("the session has changed")
      .addDetails(Any.pack(ErrorInfo.newBuilder().setDomain("mesh").setReason("ROUTED").build()))
      .addDetails(Any.pack(ErrorInfo.newBuilder()
          .setDomain("activity-session").setReason("ETAG_MISMATCH").putMetadata("etag", "e2").build()))
      .addDetails(Any.pack(BadRequest.newBuilder().addFieldViolations(VIOLATION).build()))
      .addDetails(Any.pack(Conflict.getDefaultInstance()))
      .build();

  @Test
  void anErrorTellsWhatTheServerSaid() {
    assertIsMismatch(ErrorDetails.from(StatusProto.toStatusRuntimeException(MISMATCH)));
  }

  @Test
  void aCheckedErrorInsideAnotherTellsTheSame() {
    StatusException error = StatusProto.toStatusException(MISMATCH);
    assertIsMismatch(ErrorDetails.from(new ExecutionException(new RuntimeException(error))));
  }

  @Test
  void anErrorOfNoCallIsUnknown() {
    ErrorDetails details = ErrorDetails.from(new IllegalStateException("another"));
    assertEquals(Status.Code.UNKNOWN, details.code());
    assertEquals(ErrorReason.ERROR_REASON_UNSPECIFIED, details.reason());
    assertEquals("UNKNOWN: ", details.toString());
  }

  private static void assertIsMismatch(ErrorDetails details) {
    assertEquals(Status.Code.ABORTED, details.code());
    assertEquals("the session has changed", details.message());
    assertEquals(ErrorReason.ERROR_REASON_ETAG_MISMATCH, details.reason());
    assertEquals(Map.of("etag", "e2"), details.metadata());
    assertEquals(List.of(VIOLATION), details.fieldViolations());
    assertEquals(MISMATCH, details.status());
    assertEquals("ABORTED ETAG_MISMATCH: the session has changed", details.toString());
  }
}
