package activitysession

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc"

	v1 "activity-session/clients/go/activity_session/v1"
)

// Turn is a turn that is held; [TakeTurn] makes it.
type Turn struct {
	// Token is the fencing token: larger than that of each turn of the session before.
	Token int64

	lease *lease
	lose  context.CancelCauseFunc
	stop  context.CancelFunc
	kept  chan struct{} // closed when it is not renewed any more, after this is set:
	lost  error
}

// TakeTurn waits for the turn of a session, until the context ends, or for up to a day. It renews the turn in a goroutine
// until it is released:
//
//	turn, ctx, err := activitysession.TakeTurn(ctx, conn, session, participant, 30*time.Second)
//	if err != nil {
//		return err
//	}
//	defer turn.Release()
//
// The context that it returns is cancelled when the turn is lost, before anybody else can have it as far as clocks allow;
// context.Cause is an error then that is [ErrTurnLost]. When the context that it is given ends, the turn is still held, and
// renewed, until Release.
//
// The ttl, 100 milliseconds to turn_ttl of the server, is for how long the turn outlives the process, or a connection
// that is gone. It is renewed when a third of that is over, and counts as lost when nine tenths are and it could not be
// renewed. A participant that holds the turn already gets it anew; what held it before, such as another process, loses it.
func TakeTurn(
	ctx context.Context, conn grpc.ClientConnInterface, session, participant string, ttl time.Duration,
) (*Turn, context.Context, error) {
	return takeTurn(ctx, conn, session, participant, ttl, true)
}

// TryTurn is [TakeTurn] without the wait: while another participant holds the turn, the error is [ErrTurnHeld].
func TryTurn(
	ctx context.Context, conn grpc.ClientConnInterface, session, participant string, ttl time.Duration,
) (*Turn, context.Context, error) {
	return takeTurn(ctx, conn, session, participant, ttl, false)
}

func takeTurn(
	ctx context.Context, conn grpc.ClientConnInterface, session, participant string, ttl time.Duration, wait bool,
) (*Turn, context.Context, error) {
	l := &lease{conn: conn, session: session, participant: participant, ttl: ttl, base: context.WithoutCancel(ctx)}
	if err := l.acquire(ctx, wait); err != nil {
		return nil, ctx, err
	}
	held, lose := context.WithCancelCause(ctx)
	keeping, stop := context.WithCancel(l.base)
	t := &Turn{Token: l.token, lease: l, lose: lose, stop: stop, kept: make(chan struct{})}
	go t.keep(keeping)
	return t, held, nil
}

// Release hands the turn back. It returns an error, which is [ErrTurnLost], if the turn was lost before. If the server
// cannot be reached for 5 seconds, the turn ends by itself. A second call changes nothing.
func (t *Turn) Release() error {
	t.stop()
	defer t.lose(nil)
	if <-t.kept; t.lost != nil {
		return t.lost
	}
	return t.lease.release()
}

// AppendText is [AppendText] by the holder, with the token. It fails with [ErrTurnLost] once the turn is over.
func (t *Turn) AppendText(ctx context.Context, text string, options ...AppendOption) (*v1.Event, error) {
	l := t.lease
	return AppendText(ctx, l.conn, l.session, l.participant, text, append(slices.Clip(options), WithTurnToken(t.Token))...)
}

// AppendJSON is [AppendJSON] by the holder, with the token. It fails with [ErrTurnLost] once the turn is over.
func (t *Turn) AppendJSON(ctx context.Context, value any, options ...AppendOption) (*v1.Event, error) {
	l := t.lease
	return AppendJSON(ctx, l.conn, l.session, l.participant, value, append(slices.Clip(options), WithTurnToken(t.Token))...)
}

// keep renews the turn until it is stopped, or the turn is lost.
func (t *Turn) keep(ctx context.Context) {
	defer close(t.kept)
	for {
		sleep(ctx, t.lease.pause())
		lost := t.lease.renew(ctx)
		if ctx.Err() != nil {
			return // the release, which comes next, may be what has taken it away
		}
		if lost != nil {
			t.lost = lost
			t.lose(lost)
			return
		}
	}
}
