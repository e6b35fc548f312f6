package activitysession

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
)

// pauses holds the last pause between two attempts; pauses grow, and the zero value is the state before the first.
type pauses struct{ last time.Duration }

// next returns the next pause.
func (p *pauses) next() time.Duration {
	p.last = min(max(2*p.last, firstPause), maxPause)
	// The jitter keeps clients that were disconnected together from reconnecting together.
	return time.Duration(float64(p.last) * (0.8 + 0.4*rand.Float64()))
}

// sleep waits for that long, or until the context ends.
func sleep(ctx context.Context, pause time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}
