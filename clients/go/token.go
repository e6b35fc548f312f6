package activitysession

import (
	"context"

	"google.golang.org/grpc"
)

// WithToken sends "authorization: Bearer TOKEN" with every call, streams included. Without [WithTLS] it is sent
// unencrypted, which suits a network that encrypts by itself.
func WithToken(token string) grpc.DialOption {
	return WithTokenSource(func(context.Context) (string, error) { return token, nil })
}

// WithTokenSource is [WithToken] for a token that changes: each call, and each attempt at it, asks for the one to send.
// The source is called from many goroutines at once, with the context of the call. If it returns an error, the call
// fails: with UNAUTHENTICATED, or with the code of the error if that is a gRPC status.
func WithTokenSource(source func(context.Context) (string, error)) grpc.DialOption {
	return grpc.WithPerRPCCredentials(tokenSource(source))
}

type tokenSource func(context.Context) (string, error)

// GetRequestMetadata returns the header to send.
func (source tokenSource) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	token, err := source(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]string{"authorization": "Bearer " + token}, nil
}

// RequireTransportSecurity returns false: otherwise gRPC would refuse to send a token without TLS.
func (tokenSource) RequireTransportSecurity() bool { return false }
