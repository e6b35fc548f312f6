package activitysession

import (
	"context"
	"errors"
	"io"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	v1 "activity-session/clients/go/activity_session/v1"
)

// Watch follows a session, given by its full name: each event after afterSequence (0 for all) once and in order, the
// session when it changes, and bookmarks.
// After a disconnect it reconnects, however long it takes, and resumes after the last event that it returned. It ends
// when the loop is left. Otherwise it ends with an error: that of the context when the context is done, or an [Error]
// if reconnecting does not help, as after SESSION_NOT_FOUND or SESSION_DELETED, and CANCELLED for a connection that the
// caller has closed. If the session was expunged during a disconnect, it ends with SESSION_NOT_FOUND, even if another
// session has its name now. Options are [WithView] and, to resume in another process, [WithUID].
func Watch(
	ctx context.Context, conn grpc.ClientConnInterface, session string, afterSequence int64, options ...WatchOption,
) iter.Seq2[*v1.WatchSessionResponse, error] {
	return func(yield func(*v1.WatchSessionResponse, error) bool) {
		request := &v1.WatchSessionRequest{Name: session, AfterSequence: afterSequence}
		w := watch{conn: conn, request: request, uid: new(string), yield: yield}
		for _, option := range options {
			option(&w)
		}
		if err := w.follow(ctx); !errors.Is(err, errLeft) {
			yield(nil, err)
		}
	}
}

// WatchOption is an option of [Watch].
type WatchOption func(*watch)

// WithView says how much of the session comes: with v1.SessionView_SESSION_VIEW_FULL also its data, at the start, after
// a disconnect, and when it has changed. Without this option it comes without.
func WithView(view v1.SessionView) WatchOption {
	return func(w *watch) { w.request.View = view }
}

// WithUID says which session is meant: the one with the uid in the variable, or any session of that name if it is
// empty. The watch writes the uid that the server tells into the variable before it yields the first message. To resume
// in another process, keep it with the number of the last event, and give both. Only the loop may use the variable.
func WithUID(uid *string) WatchOption {
	return func(w *watch) { w.request.Uid, w.uid = *uid, uid }
}

var errLeft = errors.New("the loop was left")

type watch struct {
	conn    grpc.ClientConnInterface
	request *v1.WatchSessionRequest
	uid     *string // of the caller, who reads it
	yield   func(*v1.WatchSessionResponse, error) bool
	pauses  pauses
}

// follow yields messages, over as many streams as it takes, and returns the error that ends the watch.
func (w *watch) follow(ctx context.Context) error {
	if field := illFormed(w.request.ProtoReflect(), ""); field != "" {
		// gRPC returns INTERNAL, which a connection that Connect has not made would give to the watch, to be retried.
		return refusal(field)
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

// stream yields the messages of one stream, and returns the error that ended it.
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
		w.goOnAfter(message)
		w.pauses = pauses{}
		if !w.yield(message, nil) {
			return errLeft
		}
	}
}

// goOnAfter makes the next request ask for what comes after a message, in the same session.
func (w *watch) goOnAfter(message *v1.WatchSessionResponse) {
	if event := message.GetEvent(); event != nil {
		w.request.AfterSequence = event.Sequence
	}
	// Only the first message of a stream tells it, and one from an older server does not.
	if message.Uid != "" {
		w.request.Uid, *w.uid = message.Uid, message.Uid
	}
}

// resumes reports whether to open a watch again after an error.
func resumes(err error) bool {
	if errors.Is(err, io.EOF) {
		return true // the server ends no watch without an error, but a proxy may
	}
	e, ok := FromError(err)
	if !ok {
		return false
	}
	switch e.Code {
	case codes.Unavailable, codes.Canceled:
		return true
	case codes.Internal, codes.Unknown:
		// Without a reason from the server they come from a proxy that has lost its connection to the server.
		return e.Reason == v1.ErrorReason_ERROR_REASON_UNSPECIFIED
	}
	switch e.Reason {
	case v1.ErrorReason_ERROR_REASON_WATCH_TOO_SLOW, v1.ErrorReason_ERROR_REASON_SERVER_FULL:
		return true
	}
	return false
}
