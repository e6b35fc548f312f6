package activitysession;

import activitysession.v1.Conflict;
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

/** The details of the error of a failed call, on a channel made by {@link ActivitySession} or on any other. */
public final class ErrorDetails {
  static final String DOMAIN = "activity-session";

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
   * @param error a StatusRuntimeException, a StatusException, or an error caused by one, such as an ExecutionException
   *     of a future; any other gives the code UNKNOWN and nothing else
   */
  public static ErrorDetails from(Throwable error) {
    Status status = Status.fromThrowable(error);
    return new ErrorDetails(status.getCode(), whole(status, Status.trailersFromThrowable(error)));
  }

  /** Returns the status code. */
  public Status.Code code() {
    return code;
  }

  /** Returns the message, for people; it may change. */
  public String message() {
    return status.getMessage();
  }

  /**
   * Returns why the call failed, as listed in error_reason.proto; ERROR_REASON_UNSPECIFIED if the server gave no
   * reason, if the reason is of a later version, or if the error comes from gRPC or from a proxy.
   */
  public ErrorReason reason() {
    EnumValueDescriptor known = ErrorReason.getDescriptor().findValueByName("ERROR_REASON_" + info.getReason());
    return known == null ? ErrorReason.ERROR_REASON_UNSPECIFIED : ErrorReason.valueOf(known);
  }

  /** Returns of which kind it is, of those that programs tell apart. */
  public ErrorKind kind() {
    return ErrorKind.of(reason(), code);
  }

  /**
   * Returns what the caller has missed, where the kind is CONFLICT: the newest number, the first events, or the keys with
   * their revisions and values. It is empty after ETAG_MISMATCH, whose metadata {@code etag} is the current one.
   */
  public Conflict missed() {
    return details(Conflict.class).findFirst().orElse(Conflict.getDefaultInstance());
  }

  /** Returns the facts that belong to the reason; error_reason.proto lists the keys. */
  public Map<String, String> metadata() {
    return info.getMetadataMap();
  }

  /** Returns the fields of the request that are wrong, each with its path and a description. */
  public List<FieldViolation> fieldViolations() {
    return details(BadRequest.class)
        .flatMap(each -> each.getFieldViolationsList().stream())
        .collect(Collectors.toUnmodifiableList());
  }

  /** Returns the whole status, for other details such as a Conflict. */
  public com.google.rpc.Status status() {
    return status;
  }

  /** Returns the code, the reason if there is one, and the message. */
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
