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

// What is larger is sent once and never again; the server takes no larger request either.
const retryBufferBytes = 8 << 20

//go:embed service_config.json
var serviceConfig string

// Connect makes a connection to a server, or to several behind one name; it is opened by the first call.
//
// Calls that fail with UNAVAILABLE are made again, up to 5 times in about 6 seconds, and each carries a request id, so
// that its effect is there once. They end after 30 seconds, or sooner with their context; AcquireTurn and WatchSession
// have the deadline of their context alone. A call that fails returns an [Error].
//
// The target is as [grpc.NewClient] takes it: "HOST:PORT", which stands for "dns:///HOST:PORT", or "unix:PATH". Options
// are [WithToken], [WithTokenSource], [WithTLS] and those of gRPC; they win over what is set here. The error is that of
// grpc.NewClient: a target or options that cannot be.
func Connect(target string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	return grpc.NewClient(target, append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.MaxRetryRPCBufferSize(retryBufferBytes)),
		// A connection that died silently is noticed within 40 s. The server takes a ping every 10 s.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: 30 * time.Second, Timeout: 10 * time.Second, PermitWithoutStream: true,
		}),
		// A server that restarts is found again within a fraction of the default, which waits up to two minutes.
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
// nil stands for the authorities of the system.
func WithTLS(config *tls.Config) grpc.DialOption {
	return grpc.WithTransportCredentials(credentials.NewTLS(config))
}

// isClosed tells whether the caller has closed the connection: gRPC answers CANCELLED then, too.
func isClosed(conn grpc.ClientConnInterface) bool {
	client, ok := conn.(*grpc.ClientConn)
	return ok && client.GetState() == connectivity.Shutdown
}
