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
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
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
    return new CheckedCall<>(next.newCall(method, options));
  }

  /** A call that ends with the refusal, and not with CANCELLED, when its request is refused. */
  private static final class CheckedCall<RequestT, ResponseT> extends SimpleForwardingClientCall<RequestT, ResponseT> {
    private volatile StatusRuntimeException refusal; // set before the call is cancelled, whose end another thread sees

    CheckedCall(ClientCall<RequestT, ResponseT> call) {
      super(call);
    }

    @Override
    public void start(Listener<ResponseT> listener, Metadata headers) {
      super.start(new SimpleForwardingClientCallListener<>(listener) {
        @Override
        public void onClose(io.grpc.Status status, Metadata trailers) {
          boolean refused = refusal != null;
          super.onClose(refused ? refusal.getStatus() : status, refused ? refusal.getTrailers() : trailers);
        }
      }, headers);
    }

    @Override
    public void sendMessage(RequestT request) {
      String field = request instanceof Message ? IllFormedTexts.in((Message) request) : null;
      if (field == null) {
        super.sendMessage(request);
      } else {
        refusal = refusal(field);
        cancel(PROBLEM, null);
      }
    }

    @Override
    public void halfClose() {
      if (refusal == null) {
        super.halfClose();
      }
    }
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
