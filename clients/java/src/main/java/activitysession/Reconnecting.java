package activitysession;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Makes a channel reconnect within 5 seconds to a server that has restarted. gRPC itself waits up to two minutes
 * between attempts to connect, and calls fail meanwhile; in Java there is no setting for that.
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
