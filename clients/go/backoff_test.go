package activitysession

import (
	"context"
	"testing"
	"time"
)

func TestAPauseEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	between := pauses{last: maxPause}
	began := time.Now()
	sleep(ctx, between.next())
	if took := time.Since(began); took > maxPause/2 || between.last != maxPause {
		t.Error("after", took, between)
	}
}
