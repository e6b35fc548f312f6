package activitysession_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	activitysession "activity-session/clients/go"
	v1 "activity-session/clients/go/activity_session/v1"
)

const patience = 10 * time.Second

// server returns what a test tells it to, and keeps the requests and tokens that it got.
type server struct {
	v1.UnimplementedEventServiceServer
	v1.UnimplementedSessionServiceServer
	append func(*v1.AppendEventsRequest) error
	watch  func(grpc.ServerStreamingServer[v1.WatchSessionResponse]) error
	renew  func() error

	requests []*v1.AppendEventsRequest
	watches  []*v1.WatchSessionRequest
	tokens   []string
	released atomic.Int32
}

func (s *server) AppendEvents(ctx context.Context, request *v1.AppendEventsRequest) (*v1.AppendEventsResponse, error) {
	s.requests = append(s.requests, request)
	s.keepToken(ctx)
	if s.append == nil {
		return &v1.AppendEventsResponse{}, nil
	}
	return &v1.AppendEventsResponse{}, s.append(request)
}

func (s *server) WatchSession(
	request *v1.WatchSessionRequest, stream grpc.ServerStreamingServer[v1.WatchSessionResponse],
) error {
	s.watches = append(s.watches, request)
	s.keepToken(stream.Context())
	return s.watch(stream)
}

func (s *server) AcquireTurn(context.Context, *v1.AcquireTurnRequest) (*v1.TurnLease, error) {
	return &v1.TurnLease{Token: 7}, nil
}

func (s *server) RenewTurn(context.Context, *v1.RenewTurnRequest) (*v1.TurnLease, error) {
	return &v1.TurnLease{Token: 7}, s.renew()
}

func (s *server) ReleaseTurn(context.Context, *v1.ReleaseTurnRequest) (*emptypb.Empty, error) {
	s.released.Add(1)
	return &emptypb.Empty{}, nil
}

func (s *server) keepToken(ctx context.Context) {
	s.tokens = append(s.tokens, metadata.ValueFromIncomingContext(ctx, "authorization")...)
}

// requestIDs returns the request ids of the appends so far.
func (s *server) requestIDs() []string {
	var ids []string
	for _, request := range s.requests {
		ids = append(ids, request.RequestId)
	}
	return ids
}

// connect serves on a free port until the test ends, and returns a connection to it.
func (s *server) connect(t *testing.T, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serving := grpc.NewServer()
	v1.RegisterEventServiceServer(serving, s)
	v1.RegisterSessionServiceServer(serving, s)
	go serving.Serve(listener)
	t.Cleanup(serving.Stop)
	conn, err := activitysession.Connect(listener.Addr().String(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// within returns a context that ends after the limit, so that the test cannot hang.
func within(t *testing.T, limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// sendBookmark is a watch that sends one message and waits until its client has left.
func sendBookmark(stream grpc.ServerStreamingServer[v1.WatchSessionResponse]) error {
	bookmark := &v1.WatchSessionResponse_Bookmark{Bookmark: &v1.Bookmark{}}
	if err := stream.Send(&v1.WatchSessionResponse{Change: bookmark}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return nil
}
