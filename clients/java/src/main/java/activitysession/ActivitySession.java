package activitysession;

import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.util.concurrent.TimeUnit;

/** Channels to Activity Session, and watches of its sessions. */
public final class ActivitySession {
  // What is larger is sent once and never again; the server takes no larger request either.
  private static final long RETRY_BUFFER_BYTES = 8 << 20;

  private ActivitySession() {}

  /**
   * Makes a channel without TLS and without a token.
   *
   * @see #connect(String, ConnectOptions)
   */
  public static ManagedChannel connect(String target) {
    return connect(target, new ConnectOptions());
  }

  /**
   * Makes a channel to a server, or to several behind one name. The first call opens the connection.
   *
   * <p>Calls that fail with UNAVAILABLE are made again, up to 5 times in about 6 s, and so are those that a draining
   * server answers with CANCELLED; each carries a request id, so that its effect is there once. They end after 30 s
   * where the caller gives no shorter deadline; AcquireTurn and WatchSession have the caller's alone. What a failed
   * call tells is read by {@link ErrorDetails#from}.
   *
   * @param target as gRPC takes it: {@code HOST:PORT}, {@code dns:///NAME:PORT}, {@code unix:PATH}
   * @param options token, TLS and more
   * @return a channel for the stubs in {@code activitysession.v1}; whoever made it shuts it down
   */
  public static ManagedChannel connect(String target, ConnectOptions options) {
    ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder(target, options.credentials())
        .defaultServiceConfig(ServiceConfig.read())
        .perRpcBufferLimit(RETRY_BUFFER_BYTES)
        // No limit for all calls together: what is kept are their messages, which the callers hold anyway.
        .retryBufferSize(Long.MAX_VALUE)
        // A connection that died silently is noticed within 40 s. The server takes a ping every 10 s.
        .keepAliveTime(30, TimeUnit.SECONDS)
        .keepAliveTimeout(10, TimeUnit.SECONDS)
        .keepAliveWithoutCalls(true)
        .intercept(new SendingAgain());
    options.applyTo(builder);
    ManagedChannel channel = builder.build();
    new Reconnecting(channel).follow();
    return channel;
  }

  /**
   * Follows a session from its first event.
   *
   * @see #watch(Channel, String, long)
   */
  public static Watch watch(Channel channel, String session) {
    return watch(channel, session, 0);
  }

  /**
   * Follows a session: each event once and in order, the session when it changes, bookmarks.
   *
   * @param channel made by {@link #connect(String)}
   * @param session its full name
   * @param afterSequence the number of the last event that is known already; 0 for all
   * @return what comes, to be iterated and to be closed
   */
  public static Watch watch(Channel channel, String session, long afterSequence) {
    return new Watch(channel, session, afterSequence);
  }
}
