package activitysession;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;

/**
 * Refuses requests with text that UTF-8 cannot encode, such as half an emoji, which protobuf would send as a question
 * mark. The error is the one that the server returns for other fields that are wrong: INVALID_FIELD.
 */
final class CheckingTexts implements ClientInterceptor {
  private static final String PROBLEM = "has a surrogate without its other half, which UTF-8 cannot encode";

  @Override
  public <RequestT, ResponseT> ClientCall<RequestT, ResponseT> interceptCall(
      MethodDescriptor<RequestT, ResponseT> method, CallOptions options, Channel next) {
    return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
      @Override
      public void sendMessage(RequestT request) {
        if (request instanceof Message) {
          String field = IllFormedTexts.in((Message) request);
          if (field != null) {
            throw refusal(field);
          }
        }
        super.sendMessage(request);
      }
    };
  }

  private static StatusRuntimeException refusal(String field) {
    ErrorInfo info = ErrorInfo.newBuilder()
        .setDomain(ErrorDetails.DOMAIN)
        .setReason("INVALID_FIELD")
        .putMetadata("field", field)
        .build();
    FieldViolation violation = FieldViolation.newBuilder().setField(field).setDescription(PROBLEM).build();
    return StatusProto.toStatusRuntimeException(Status.newBuilder()
        .setCode(Code.INVALID_ARGUMENT_VALUE)
        .setMessage(field + ": " + PROBLEM)
        .addDetails(Any.pack(info))
        .addDetails(Any.pack(BadRequest.newBuilder().addFieldViolations(violation).build()))
        .build());
  }
}
