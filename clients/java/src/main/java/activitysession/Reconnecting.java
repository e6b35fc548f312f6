package activitysession;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Lets a channel find a server that was away within 5 seconds. gRPC itself waits up to two minutes between attempts to
 * connect, during which calls fail; in Java there is no setting for that.
 */
final class Reconnecting {
  private final ManagedChannel channel;
  private Backoff backoff = new Backoff();

  Reconnecting(ManagedChannel channel) {
    this.channel = channel;
  }

  /** Follows the state of the channel until it is shut down. */
  void follow() {
    ConnectivityState state = channel.getState(false);
    if (state == ConnectivityState.TRANSIENT_FAILURE) {
      CompletableFuture.delayedExecutor(backoff.next(), TimeUnit.MILLISECONDS).execute(this::reconnect);
    } else if (state != ConnectivityState.SHUTDOWN) {
      if (state == ConnectivityState.READY) {
        backoff = new Backoff();
      }
      channel.notifyWhenStateChanged(state, this::follow);
    }
  }

  private void reconnect() {
    channel.resetConnectBackoff();
    follow();
  }
}
