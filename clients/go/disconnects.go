package activitysession

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"
)

const logInterval = 30 * time.Second

// disconnects are the failures of a watch: its caller is told of each, the log of the first and then of at most one in
// 30 seconds.
type disconnects struct {
	session, target string
	caller          func(*Error) error
	logger          *slog.Logger
	attempts        int
	pauses          pauses
	logged          time.Time
}

// forget begins to count again, after a message.
func (d *disconnects) forget() { d.attempts, d.pauses = 0, pauses{} }

// overcome tells of a failed attempt and waits until it is time for the next one. It returns an error of the caller,
// which ends the watch.
func (d *disconnects) overcome(ctx context.Context, failure *Error) error {
	if d.caller != nil {
		if err := d.caller(failure); err != nil {
			return err
		}
	}
	d.attempts++
	pause := d.pauses.next()
	if d.logged.IsZero() || time.Since(d.logged) >= logInterval {
		d.logged = time.Now()
		d.log(ctx, failure, pause)
	}
	sleep(ctx, pause)
	return nil
}

func (d *disconnects) log(ctx context.Context, failure *Error, pause time.Duration) {
	d.logger.WarnContext(ctx, "a watch failed", "session", d.session, "target", d.target, "code", failure.Code.String(),
		"reason", failure.reason(), "message", failure.Message, "attempt", d.attempts, "next_in", pause)
}

// targetOf returns the target of a connection; of one that is not gRPC's own it is not known.
func targetOf(conn grpc.ClientConnInterface) string {
	if client, ok := conn.(*grpc.ClientConn); ok {
		return client.Target()
	}
	return "an unknown address"
}
