package activitysession

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "activity-session/clients/go/activity_session/v1"
)

// Watch follows a session, given by its full name: each event and each mark after afterSequence (0 for all) once and in
// order, the session when it changes, and bookmarks.
// After a disconnect it reconnects, however long it takes, and resumes after the last event or mark that it returned.
// It ends when the loop is left. Otherwise it ends with an error: that of the context when the context is done, or an
// [Error] if reconnecting does not help, as after SESSION_NOT_FOUND or SESSION_DELETED, and CANCELLED for a connection
// that the caller has closed. If the session was expunged during a disconnect, it ends with SESSION_NOT_FOUND, even if
// another session has its name now.
//
// While a server cannot be reached the watch waits and tries again, without end. A warning of the first failure is
// logged, and then of at most one in 30 seconds: the session, the target, the status code and its message, how many
// attempts have failed since the last message, and when the next one is.
//
// Options are [WithView] and [WithSuperseded], to resume in another process [WithUID], and for failures
// [WithOnDisconnect] and [WithLogger].
func Watch(
	ctx context.Context, conn grpc.ClientConnInterface, session string, afterSequence int64, options ...WatchOption,
) iter.Seq2[*v1.WatchSessionResponse, error] {
	return func(yield func(*v1.WatchSessionResponse, error) bool) {
		request := &v1.WatchSessionRequest{Name: session, AfterSequence: afterSequence}
		w := watch{
			conn: conn, request: request, uid: new(string), yield: yield,
			disconnects: disconnects{session: session, target: targetOf(conn), logger: slog.Default()},
		}
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

// WithSuperseded has events come too that marks have taken out of view.
func WithSuperseded() WatchOption {
	return func(w *watch) { w.request.ShowSuperseded = true }
}

// WithUID says which session is meant: the one with the uid in the variable, or any session of that name if it is
// empty. The watch writes the uid that the server tells into the variable before it yields the first message. To resume
// in another process, keep it with the number of the last event or mark, and give both. Only the loop may use the
// variable.
func WithUID(uid *string) WatchOption {
	return func(w *watch) { w.request.Uid, w.uid = *uid, uid }
}

// WithOnDisconnect has the function called with the error of each failure before the watch waits for the next attempt,
// in the goroutine of the loop. If it returns an error, the watch ends with that: to give up, return the one it was
// given. An error that ends the watch anyway is yielded, and not given to the function.
func WithOnDisconnect(f func(*Error) error) WatchOption {
	return func(w *watch) { w.disconnects.caller = f }
}

// WithLogger has failures logged there, and not with [slog.Default].
func WithLogger(logger *slog.Logger) WatchOption {
	return func(w *watch) { w.disconnects.logger = logger }
}

var (
	errLeft = errors.New("the loop was left")
	// The server ends no watch without an error, but a proxy may.
	errEnded = status.Error(codes.Unavailable, "the stream ended without an error")
)

type watch struct {
	conn    grpc.ClientConnInterface
	request *v1.WatchSessionRequest
	uid     *string // of the caller, who reads it
	yield   func(*v1.WatchSessionResponse, error) bool

	disconnects disconnects
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
		}
		failure, ok := FromError(err)
		if !ok || isClosed(w.conn) || !resumes(failure) {
			return explain(err)
		}
		if err := w.disconnects.overcome(ctx, failure); err != nil {
			return err
		}
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
		if errors.Is(err, io.EOF) {
			return errEnded
		}
		if err != nil {
			return err
		}
		w.goOnAfter(message)
		w.disconnects.forget()
		if !w.yield(message, nil) {
			return errLeft
		}
	}
}

// goOnAfter makes the next request ask for what comes after a message, in the same session.
func (w *watch) goOnAfter(message *v1.WatchSessionResponse) {
	w.request.AfterSequence = cmp.Or(placeOf(message), w.request.AfterSequence)
	// Only the first message of a stream tells it, and one from an older server does not.
	if message.Uid != "" {
		w.request.Uid, *w.uid = message.Uid, message.Uid
	}
}

// placeOf returns the number that a message stands for; 0 for the session itself.
func placeOf(message *v1.WatchSessionResponse) int64 {
	// A mark is an event too; a bookmark is after those that were left out.
	return cmp.Or(
		message.GetEvent().GetSequence(), message.GetMark().GetSequence(), message.GetBookmark().GetLastSequence())
}

// resumes reports whether to open a watch again after an error.
func resumes(e *Error) bool {
	switch e.Code {
	case codes.Unavailable, codes.Canceled:
		return true
	case codes.Internal, codes.Unknown:
		// Without a reason from the server they come from a proxy that has lost its connection to the server.
		return e.Reason == v1.ErrorReason_ERROR_REASON_UNSPECIFIED
	}
	switch e.Reason {
	case v1.ErrorReason_ERROR_REASON_WATCH_TOO_SLOW, v1.ErrorReason_ERROR_REASON_SERVER_FULL,
		v1.ErrorReason_ERROR_REASON_QUOTA_EXCEEDED:
		return true
	}
	return false
}
