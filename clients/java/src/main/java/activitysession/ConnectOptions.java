package activitysession;

import io.grpc.CallCredentials;
import io.grpc.ChannelCredentials;
import io.grpc.CompositeChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.TlsChannelCredentials;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** How {@link ActivitySession#connect(String, ConnectOptions)} connects: by default without TLS and without a token. */
public final class ConnectOptions {
  private ChannelCredentials tls = InsecureChannelCredentials.create();
  private CallCredentials token;
  private Consumer<ManagedChannelBuilder<?>> customizer = builder -> {};

  /**
   * Sends {@code authorization: Bearer TOKEN} with every call, streams included. Without {@link #tls()} it is sent
   * unencrypted, which suits a network that encrypts by itself.
   */
  public ConnectOptions token(String token) {
    return token(() -> token);
  }

  /**
   * The same for a token that changes: each call, and each attempt at it, asks for the one to send.
   *
   * @param token is called from many threads, and may block; if it throws, the call fails with UNAUTHENTICATED
   */
  public ConnectOptions token(Supplier<String> token) {
    this.token = new BearerToken(token);
    return this;
  }

  /** Encrypts the connection, and trusts the certificate authorities of the system. */
  public ConnectOptions tls() {
    return tls(TlsChannelCredentials.create());
  }

  /**
   * Encrypts the connection with credentials of your own.
   *
   * @param credentials {@link TlsChannelCredentials} with a certificate authority, or a client certificate
   */
  public ConnectOptions tls(ChannelCredentials credentials) {
    tls = credentials;
    return this;
  }

  /**
   * Sets more of gRPC's options.
   *
   * @param customizer is called with the builder before the channel is built; what it sets overrides what is set here
   */
  public ConnectOptions customize(Consumer<ManagedChannelBuilder<?>> customizer) {
    this.customizer = customizer;
    return this;
  }

  ChannelCredentials credentials() {
    return token == null ? tls : CompositeChannelCredentials.create(tls, token);
  }

  void applyTo(ManagedChannelBuilder<?> builder) {
    customizer.accept(builder);
  }
}
