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

// pauses are those between attempts, which get longer; the zero value is before the first.
type pauses struct{ last time.Duration }

// wait makes the next one, which the end of the context cuts short.
func (p *pauses) wait(ctx context.Context) {
	p.last = min(max(2*p.last, firstPause), maxPause)
	// Jitter, so that clients that were cut off together do not come back together.
	jittered := time.Duration(float64(p.last) * (0.8 + 0.4*rand.Float64()))
	select {
	case <-ctx.Done():
	case <-time.After(jittered):
	}
}
