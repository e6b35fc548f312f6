package activitysession;

import activitysession.v1.SessionView;
import activitysession.v1.WatchSessionRequest;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.util.concurrent.TimeUnit;

/** Channels to Activity Session, and watches of its sessions. */
public final class ActivitySession {
  // gRPC does not retry a larger request; the server accepts none either.
  private static final long RETRY_BUFFER_BYTES = 8 << 20;

  private ActivitySession() {}

  /**
   * Returns a channel without TLS and without a token.
   *
   * @see #connect(String, ConnectOptions)
   */
  public static ManagedChannel connect(String target) {
    return connect(target, new ConnectOptions());
  }

  /**
   * Returns a channel to a server, or to several servers with one name. It connects when the first call is made.
   *
   * <p>A call that fails with UNAVAILABLE, or with CANCELLED from a draining server, is retried: up to 5 attempts in
   * about 6 s. A call that changes something carries a request id, so that its effect happens once. A call ends after
   * 30 s, or after a shorter deadline; AcquireTurn and WatchSession end after their deadline only.
   * {@link ErrorDetails#from} reads the error of a failed call.
   *
   * @param target an address as in gRPC: {@code HOST:PORT}, {@code dns:///NAME:PORT}, {@code unix:PATH}
   * @param options token, TLS and more
   * @return a channel for the stubs in {@code activitysession.v1}; the caller has to shut it down
   */
  public static ManagedChannel connect(String target, ConnectOptions options) {
    ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder(target, options.credentials())
        .defaultServiceConfig(ServiceConfig.read())
        .perRpcBufferLimit(RETRY_BUFFER_BYTES)
        // No limit for all calls together: only their messages are kept, which the callers hold anyway.
        .retryBufferSize(Long.MAX_VALUE)
        // A dead connection is noticed within 40 s. The server allows a ping every 10 s.
        .keepAliveTime(30, TimeUnit.SECONDS)
        .keepAliveTimeout(10, TimeUnit.SECONDS)
        .keepAliveWithoutCalls(true)
        .intercept(new SendingAgain(), new CheckingTexts());
    options.applyTo(builder);
    ManagedChannel channel = builder.build();
    new Reconnecting(channel).follow();
    return channel;
  }

  /**
   * Follows a session from its first event, without its data.
   *
   * @see #watch(Channel, String, long, SessionView, String)
   */
  public static Watch watch(Channel channel, String session) {
    return watch(channel, session, 0);
  }

  /**
   * Follows a session, without its data.
   *
   * @see #watch(Channel, String, long, SessionView, String)
   */
  public static Watch watch(Channel channel, String session, long afterSequence) {
    return watch(channel, session, afterSequence, SessionView.SESSION_VIEW_BASIC);
  }

  /**
   * Follows any session of that name.
   *
   * @see #watch(Channel, String, long, SessionView, String)
   */
  public static Watch watch(Channel channel, String session, long afterSequence, SessionView view) {
    return watch(channel, session, afterSequence, view, "");
  }

  /**
   * Follows a session: its events and marks, each once and in order, the session when it changes, and bookmarks. To
   * resume in another process, keep the number of the last event or mark and {@link Watch#uid}, and give both.
   *
   * @param channel made by {@link #connect(String)}
   * @param session its full name
   * @param afterSequence the number of the last event or mark that the caller has already; 0 for all events
   * @param view {@link SessionView#SESSION_VIEW_FULL} to get the session with its data: at the start, after a
   *     disconnect, and when it has changed; otherwise it comes without
   * @param uid that of the session whose events the caller has already; any session of that name when empty
   * @return the messages, to be iterated; the caller has to close it
   */
  public static Watch watch(Channel channel, String session, long afterSequence, SessionView view, String uid) {
    WatchSessionRequest.Builder request = WatchSessionRequest.newBuilder().setName(session).setUid(uid);
    return watch(channel, request.setAfterSequence(afterSequence).setView(view).build());
  }

  /**
   * Follows a session as a request says, which may ask for superseded events too.
   *
   * @param channel made by {@link #connect(String)}
   * @param request where the watch begins; after a disconnect the same is asked for, from the place it has reached
   * @return the messages, to be iterated; the caller has to close it
   * @see #watch(Channel, String, long, SessionView, String)
   */
  public static Watch watch(Channel channel, WatchSessionRequest request) {
    return new Watch(channel, request);
  }
}
