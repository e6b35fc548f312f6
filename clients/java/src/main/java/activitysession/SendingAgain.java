package activitysession;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;

/** Gives unary calls a request id, and retries those that a draining server has cancelled before they began. */
final class SendingAgain implements ClientInterceptor {
  @Override
  public <RequestT, ResponseT> ClientCall<RequestT, ResponseT> interceptCall(
      MethodDescriptor<RequestT, ResponseT> method, CallOptions options, Channel next) {
    if (method.getType() != MethodType.UNARY) {
      return next.newCall(method, options);
    }
    return new UnaryCall<>(() -> next.newCall(method, options), options);
  }
}
