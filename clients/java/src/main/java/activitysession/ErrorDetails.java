package activitysession;

import activitysession.v1.ErrorReason;
import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import com.google.rpc.ErrorInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a failed call tells, on a channel made by {@link ActivitySession} and on any other. */
public final class ErrorDetails {
  private static final String DOMAIN = "activity-session";

  private final Status.Code code;
  private final com.google.rpc.Status status;
  private final ErrorInfo info;

  private ErrorDetails(Status.Code code, com.google.rpc.Status status) {
    this.code = code;
    this.status = status;
    this.info = details(ErrorInfo.class)
        .filter(each -> each.getDomain().equals(DOMAIN))
        .findFirst()
        .orElse(ErrorInfo.getDefaultInstance());
  }

  /**
   * Reads the details of an error.
   *
   * @param error a StatusRuntimeException, a StatusException, or what was caused by one, such as an ExecutionException
   *     of a future; any other tells the code UNKNOWN and no more
   */
  public static ErrorDetails from(Throwable error) {
    Status status = Status.fromThrowable(error);
    return new ErrorDetails(status.getCode(), whole(status, Status.trailersFromThrowable(error)));
  }

  /** The status code. */
  public Status.Code code() {
    return code;
  }

  /** The message, for people; it may change. */
  public String message() {
    return status.getMessage();
  }

  /**
   * Why, as listed in error_reason.proto; ERROR_REASON_UNSPECIFIED when the server did not say, when the reason is of a
   * later version, or when the error comes from what stands between client and server.
   */
  public ErrorReason reason() {
    EnumValueDescriptor known = ErrorReason.getDescriptor().findValueByName("ERROR_REASON_" + info.getReason());
    return known == null ? ErrorReason.ERROR_REASON_UNSPECIFIED : ErrorReason.valueOf(known);
  }

  /** The facts that belong to the reason; error_reason.proto lists the keys. */
  public Map<String, String> metadata() {
    return info.getMetadataMap();
  }

  /** The fields of the request that are wrong, each with its path and a description. */
  public List<FieldViolation> fieldViolations() {
    return details(BadRequest.class)
        .flatMap(each -> each.getFieldViolationsList().stream())
        .collect(Collectors.toUnmodifiableList());
  }

  /** The whole status, for the other details, such as a Conflict. */
  public com.google.rpc.Status status() {
    return status;
  }

  /** The code, the reason where there is one, and the message. */
  @Override
  public String toString() {
    return code + (info.getReason().isEmpty() ? "" : " " + info.getReason()) + ": " + message();
  }

  private static com.google.rpc.Status whole(Status status, Metadata trailers) {
    try {
      return StatusProto.fromStatusAndTrailers(status, trailers);
    } catch (IllegalArgumentException e) {
      return StatusProto.fromStatusAndTrailers(status, null); // details that cannot be read
    }
  }

  private <T extends Message> Stream<T> details(Class<T> type) {
    return status.getDetailsList().stream().filter(each -> each.is(type)).flatMap(each -> unpacked(each, type));
  }

  private static <T extends Message> Stream<T> unpacked(Any detail, Class<T> type) {
    try {
      return Stream.of(detail.unpack(type));
    } catch (InvalidProtocolBufferException e) {
      return Stream.empty();
    }
  }
}
