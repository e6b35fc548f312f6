package activitysession

import (
	"context"
	"errors"
	"io"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	v1 "activity-session/clients/go/activity_session/v1"
)

// Watch follows a session, given by its full name: each event after that number (0 for all) once and in order, the
// session when it changes, and bookmarks.
//
// What cuts it off is overcome, however long it takes: it goes on after the last event it gave. It ends when the loop
// is left. Otherwise it ends with an error: that of the context when this is done, or an [Error] where going on is no
// use, such as SESSION_NOT_FOUND or SESSION_DELETED, or CANCELLED for a connection that the caller has closed.
func Watch(
	ctx context.Context, conn grpc.ClientConnInterface, session string, afterSequence int64,
) iter.Seq2[*v1.WatchSessionResponse, error] {
	return func(yield func(*v1.WatchSessionResponse, error) bool) {
		request := &v1.WatchSessionRequest{Name: session, AfterSequence: afterSequence}
		w := watch{conn: conn, request: request, yield: yield}
		if err := w.follow(ctx); !errors.Is(err, errLeft) {
			yield(nil, err)
		}
	}
}

var errLeft = errors.New("the loop was left")

type watch struct {
	conn    grpc.ClientConnInterface
	request *v1.WatchSessionRequest
	yield   func(*v1.WatchSessionResponse, error) bool
	pauses  pauses
}

// follow gives what comes for as long as it can go on, and returns why it cannot.
func (w *watch) follow(ctx context.Context) error {
	if _, err := proto.Marshal(w.request); err != nil {
		// To gRPC a name that is not UTF-8 is INTERNAL, which would be tried for ever.
		return explain(status.Error(codes.InvalidArgument, err.Error()))
	}
	for {
		err := w.stream(ctx)
		switch {
		case errors.Is(err, errLeft):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case isClosed(w.conn) || !resumes(err):
			return explain(err)
		}
		w.pauses.wait(ctx)
	}
}

// stream gives what comes until one stream ends, and returns why it did.
func (w *watch) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := v1.NewSessionServiceClient(w.conn).WatchSession(ctx, w.request)
	if err != nil {
		return err
	}
	for {
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		if event := message.GetEvent(); event != nil {
			w.request.AfterSequence = event.Sequence
		}
		w.pauses = pauses{}
		if !w.yield(message, nil) {
			return errLeft
		}
	}
}

// resumes tells whether a watch that ended so can go on.
func resumes(err error) bool {
	if errors.Is(err, io.EOF) {
		return true // servers end no watch without an error, but what stands between may
	}
	e, ok := FromError(err)
	if !ok {
		return false
	}
	switch e.Code {
	case codes.Unavailable, codes.Canceled:
		return true
	case codes.Internal, codes.Unknown:
		// Without a reason of the server's own they come from what stands between: a proxy that lost its other side.
		return e.Reason == v1.ErrorReason_ERROR_REASON_UNSPECIFIED
	}
	switch e.Reason {
	case v1.ErrorReason_ERROR_REASON_WATCH_TOO_SLOW, v1.ErrorReason_ERROR_REASON_SERVER_FULL:
		return true
	}
	return false
}
