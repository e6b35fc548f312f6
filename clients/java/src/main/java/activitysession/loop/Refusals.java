package activitysession.loop;

import activitysession.ErrorDetails;
import activitysession.ErrorKind;
import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Map;

/** Errors that are known here, and of which kind others are. */
final class Refusals {
  private Refusals() {}

  /** Returns the error that the server would return: FAILED_PRECONDITION. */
  static StatusRuntimeException refusal(String reason, String message, Map<String, String> metadata) {
    var info = ErrorInfo.newBuilder().setDomain("activity-session").setReason(reason).putAllMetadata(metadata);
    return StatusProto.toStatusRuntimeException(Status.newBuilder()
        .setCode(Code.FAILED_PRECONDITION_VALUE).setMessage(message).addDetails(Any.pack(info.build())).build());
  }

  static boolean is(StatusRuntimeException error, ErrorKind kind) {
    return ErrorDetails.from(error).kind() == kind;
  }

  /** Returns whether a later attempt may succeed. */
  static boolean mayPass(StatusRuntimeException error) {
    switch (error.getStatus().getCode()) {
      case UNAVAILABLE:
      case CANCELLED:
      case DEADLINE_EXCEEDED:
      case RESOURCE_EXHAUSTED:
      case INTERNAL:
      case UNKNOWN:
        return true;
      default:
        return false;
    }
  }
}
