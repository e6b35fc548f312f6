package activitysession

import (
	"context"
	"errors"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	v1 "activity-session/clients/go/activity_session/v1"
)

const (
	// The server lets nobody wait for longer.
	longestWait    = 24 * time.Hour
	callTimeout    = 30 * time.Second
	releaseTimeout = 5 * time.Second
)

// lease is a turn as its holder knows it: for how long it is held for certain, by the clock of this process.
type lease struct {
	conn                 grpc.ClientConnInterface
	session, participant string
	ttl                  time.Duration
	base                 context.Context // has the values of the caller's, and no end
	token                int64
	due, end             time.Time // counted from before a request was sent
	between              pauses
}

func (l *lease) acquire(ctx context.Context, wait bool) error {
	longest := callTimeout
	if wait {
		longest = longestWait
	}
	waiting, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	sent := time.Now()
	lease, err := v1.NewSessionServiceClient(l.conn).AcquireTurn(waiting, &v1.AcquireTurnRequest{
		Session: l.session, Participant: l.participant, Ttl: durationpb.New(l.ttl), Wait: wait,
	})
	if err != nil {
		return explain(err)
	}
	l.token = lease.Token
	l.countFrom(sent)
	if l.pause() > 0 {
		return nil
	}
	// It has waited, and cannot know since when the turn is its own.
	sent = time.Now()
	if err := l.extend(ctx, l.ttl/3); err != nil {
		return errors.Join(err, l.release())
	}
	l.countFrom(sent)
	return nil
}

// pause returns how long there is nothing to do.
func (l *lease) pause() time.Duration { return min(time.Until(l.due), time.Until(l.end)) }

// renew returns why the turn is lost, if it is.
func (l *lease) renew(ctx context.Context) error {
	sent := time.Now()
	if !sent.Before(l.end) {
		return refuse(v1.ErrorReason_ERROR_REASON_TURN_LOST, "the turn could not be renewed before its end",
			map[string]string{"resource": l.session, "token": strconv.FormatInt(l.token, 10)})
	}
	err := l.extend(ctx, min(l.ttl/3, l.end.Sub(sent)))
	switch {
	case err == nil:
		l.countFrom(sent)
	case errors.Is(err, ErrTurnLost), errors.Is(err, ErrNotFound):
		return err
	default: // whatever it is, the turn is held until its end
		l.due = time.Now().Add(l.between.next())
	}
	return nil
}

func (l *lease) extend(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err := v1.NewSessionServiceClient(l.conn).RenewTurn(ctx, &v1.RenewTurnRequest{
		Session: l.session, Token: l.token, Ttl: durationpb.New(l.ttl),
	})
	return explain(err)
}

// release returns an error only if somebody else has taken the turn.
func (l *lease) release() error {
	ctx, cancel := context.WithTimeout(l.base, releaseTimeout)
	defer cancel()
	request := &v1.ReleaseTurnRequest{Session: l.session, Token: l.token}
	_, err := v1.NewSessionServiceClient(l.conn).ReleaseTurn(ctx, request)
	if err = explain(err); errors.Is(err, ErrTurnLost) {
		return err
	}
	return nil
}

// countFrom counts the time of the turn from a moment before it was granted. It is given up a tenth before its end: clocks
// do not run alike, and it takes a moment to stop.
func (l *lease) countFrom(sent time.Time) {
	l.due, l.end, l.between = sent.Add(l.ttl/3), sent.Add(l.ttl*9/10), pauses{}
}
