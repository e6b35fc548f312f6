package activitysession

import (
	"context"
	"errors"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	v1 "activity-session/clients/go/activity_session/v1"
)

// FollowOption is an option of [Follow].
type FollowOption func(*reading)

// SkipOwn leaves the member's own events out; they count as read.
func SkipOwn() FollowOption { return func(r *reading) { r.skipOwn = true } }

// OnMark has the function called with each mark, whose supersession or redacted says what has changed of earlier events.
func OnMark(f func(mark *v1.Event)) FollowOption { return func(r *reading) { r.onMark = f } }

// FollowWith gives options to the watch, such as [WithOnDisconnect].
func FollowWith(options ...WatchOption) FollowOption { return func(r *reading) { r.watch = options } }

// Follow ranges over the events of a session from the read mark of a member on, and moves the mark on after each event
// that was handled.
//
// An event counts as handled when the loop goes on to the next one. So each event is handled at least once, also over
// restarts of the program: one at which the loop was left comes again. It waits for new events without end, and
// reconnects as [Watch] does. Two loops of one member share the mark, and each gets all events.
//
// What was taken out of view before it was reached does not come, and what comes back into view does not come again.
//
// It ends with an error as Watch does; with PARTICIPANT_NOT_BOUND if the participant is no member; and with [ErrPurged] if
// events after the read mark are gone by their age.
func Follow(
	ctx context.Context, conn grpc.ClientConnInterface, session, participant string, options ...FollowOption,
) iter.Seq2[*v1.Event, error] {
	return func(yield func(*v1.Event, error) bool) {
		r := reading{conn: conn, session: session, participant: participant, onMark: func(*v1.Event) {}}
		for _, option := range options {
			option(&r)
		}
		if err := r.follow(ctx, yield); !errors.Is(err, errLeft) {
			yield(nil, err)
		}
	}
}

// reading is what a member has read, and what comes next.
type reading struct {
	conn                 grpc.ClientConnInterface
	session, participant string
	skipOwn              bool
	onMark               func(*v1.Event)
	watch                []WatchOption

	uid             string
	reached, marked int64
}

func (r *reading) follow(ctx context.Context, yield func(*v1.Event, error) bool) error {
	if err := r.begin(ctx); err != nil {
		return err
	}
	options := append([]WatchOption{WithUID(&r.uid)}, r.watch...)
	for message, err := range Watch(ctx, r.conn, r.session, r.marked, options...) {
		if err != nil {
			return err
		}
		r.reached = max(r.reached, placeOf(message))
		event := message.GetEvent()
		switch {
		case message.GetMark() != nil:
			r.onMark(message.GetMark())
		case event == nil: // the session, or a bookmark, which is after events that are out of view
		case r.skipOwn && event.Author == r.participant:
			continue
		case !yield(event, nil):
			return errLeft
		}
		if err := r.markRead(ctx); err != nil {
			return err
		}
	}
	return errLeft
}

// begin finds out what has been read.
func (r *reading) begin(ctx context.Context) error {
	session, err := v1.NewSessionServiceClient(r.conn).GetSession(ctx, &v1.GetSessionRequest{
		Name: r.session, View: v1.SessionView_SESSION_VIEW_BASIC,
	})
	if err != nil {
		return explain(err)
	}
	for _, member := range session.Participants {
		if member.Participant == r.participant {
			r.uid, r.reached, r.marked = session.Uid, member.LastReadSequence, member.LastReadSequence
			return nil
		}
	}
	return refuse(v1.ErrorReason_ERROR_REASON_PARTICIPANT_NOT_BOUND, "only a member has a read mark",
		map[string]string{"resource": r.participant, "session": r.session})
}

func (r *reading) markRead(ctx context.Context) error {
	if r.reached == r.marked {
		return nil
	}
	_, err := v1.NewSessionServiceClient(r.conn).MarkRead(ctx, &v1.MarkReadRequest{
		Session: r.session, Participant: r.participant, Sequence: r.reached, Uid: r.uid,
	})
	if err == nil {
		r.marked = r.reached
	} else if !canWait(err) {
		return explain(err)
	}
	return nil
}

// canWait reports whether a later mark will do; the log of a deleted session can be read to its end, without marks.
func canWait(err error) bool {
	failure, ok := FromError(err)
	return ok && (resumes(failure) || errors.Is(failure, ErrDeleted) || failure.Code == codes.DeadlineExceeded)
}
