package activitysession

import (
	"crypto/tls"
	_ "embed"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
)

// gRPC does not retry a larger request; the server accepts none either.
const retryBufferBytes = 8 << 20

//go:embed service_config.json
var serviceConfig string

// Connect returns a connection to a server, or to several servers with one name. It connects when the first call is
// made.
// A call that fails with UNAVAILABLE is retried: up to 5 attempts in about 6 seconds. A call that changes something
// carries a request id, so that its effect happens once. A call ends after 30 seconds, or sooner with its context;
// AcquireTurn and WatchSession end with their context only. A call that fails returns an [Error].
//
// The target is as [grpc.NewClient] takes it: "HOST:PORT", which means "dns:///HOST:PORT", or "unix:PATH". Options are
// [WithToken], [WithTokenSource], [WithTLS] and those of gRPC; they override what is set here. The error is that of
// grpc.NewClient, for a target or options that are not valid.
func Connect(target string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	return grpc.NewClient(target, append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.MaxRetryRPCBufferSize(retryBufferBytes)),
		// A dead connection is noticed within 40 s. The server allows a ping every 10 s.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: 30 * time.Second, Timeout: 10 * time.Second, PermitWithoutStream: true,
		}),
		// A server that has restarted is found within 5 s; by default gRPC waits up to two minutes.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second,
			},
			MinConnectTimeout: 20 * time.Second,
		}),
		grpc.WithChainUnaryInterceptor(sendAgain),
		grpc.WithChainStreamInterceptor(explainStream),
	}, options...)...)
}

// WithTLS encrypts the connection. The config can have certificate authorities and a client certificate of your own;
// nil means the authorities of the system.
func WithTLS(config *tls.Config) grpc.DialOption {
	return grpc.WithTransportCredentials(credentials.NewTLS(config))
}

// isClosed reports whether the caller has closed the connection, after which gRPC also fails calls with CANCELLED.
func isClosed(conn grpc.ClientConnInterface) bool {
	client, ok := conn.(*grpc.ClientConn)
	return ok && client.GetState() == connectivity.Shutdown
}
