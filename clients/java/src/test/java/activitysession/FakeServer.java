package activitysession;

import activitysession.v1.CreateSessionRequest;
import activitysession.v1.Session;
import activitysession.v1.SessionServiceGrpc;
import activitysession.v1.WatchSessionRequest;
import activitysession.v1.WatchSessionResponse;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A server that returns what it is told to, and a channel to it. */
final class FakeServer extends SessionServiceGrpc.SessionServiceImplBase implements ServerInterceptor, AutoCloseable {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  static final long PATIENCE_SECONDS = 20;

  /** The requests received so far; tests take them from here. */
  final BlockingQueue<CreateSessionRequest> requests = new LinkedBlockingQueue<>();

  /** The authorizations of all calls, in the order of the calls. */
  final Queue<String> authorizations = new ConcurrentLinkedQueue<>();

  /** The requests of watches received so far. */
  final BlockingQueue<WatchSessionRequest> watches = new LinkedBlockingQueue<>();

  /** What is done with each later watch. */
  volatile Consumer<ServerCallStreamObserver<WatchSessionResponse>> watching = watch -> {};

  final ManagedChannel channel;
  private final Queue<Status> refusals = new ConcurrentLinkedQueue<>();
  private final Server server;

  FakeServer(ConnectOptions options) throws IOException {
    server = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
        .addService(this)
        .intercept(this)
        .build()
        .start();
    channel = ActivitySession.connect("127.0.0.1:" + server.getPort(), options);
  }

  FakeServer() throws IOException {
    this(new ConnectOptions());
  }

  /** Refuses the next calls, {@code times} of them. */
  void refuse(Status status, int times) {
    for (int i = 0; i < times; i++) {
      refusals.add(status);
    }
  }

  /** Waits for the next element of a queue. */
  static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
    T taken = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (taken == null) {
      throw new AssertionError("nothing came");
    }
    return taken;
  }

  @Override
  public <RequestT, ResponseT> ServerCall.Listener<RequestT> interceptCall(
      ServerCall<RequestT, ResponseT> call, Metadata headers, ServerCallHandler<RequestT, ResponseT> next) {
    if (headers.containsKey(AUTHORIZATION)) {
      headers.getAll(AUTHORIZATION).forEach(authorizations::add);
    }
    return next.startCall(call, headers);
  }

  @Override
  public void createSession(CreateSessionRequest request, StreamObserver<Session> answer) {
    requests.add(request);
    Status refusal = refusals.poll();
    if (refusal != null) {
      answer.onError(refusal.asException());
      return;
    }
    answer.onNext(Session.getDefaultInstance());
    answer.onCompleted();
  }

  @Override
  public void watchSession(WatchSessionRequest request, StreamObserver<WatchSessionResponse> answer) {
    watches.add(request);
    watching.accept((ServerCallStreamObserver<WatchSessionResponse>) answer);
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow().awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    server.shutdownNow().awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }
}
