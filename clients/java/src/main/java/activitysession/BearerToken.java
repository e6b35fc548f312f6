package activitysession;

import io.grpc.CallCredentials;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Adds the current token to each attempt. */
final class BearerToken extends CallCredentials {
  private static final Metadata.Key<String> KEY = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final Supplier<String> token;

  BearerToken(Supplier<String> token) {
    this.token = token;
  }

  @Override
  public void applyRequestMetadata(RequestInfo call, Executor executor, MetadataApplier applier) {
    executor.execute(() -> apply(applier)); // the supplier may block, and this thread may be the network's
  }

  private void apply(MetadataApplier applier) {
    Metadata headers = new Metadata();
    try {
      headers.put(KEY, "Bearer " + token.get());
    } catch (RuntimeException e) {
      applier.fail(Status.UNAUTHENTICATED.withDescription("There is no token to send: " + e).withCause(e));
      return;
    }
    applier.apply(headers);
  }
}
