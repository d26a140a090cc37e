package relay

import (
	"context"
	"time"
)

// alarm calls ring, which returns when it wants to be called next, zero for
// never; and again whenever wake says that the answer may have changed. It
// returns nil when ctx ends.
func alarm(ctx context.Context, wake <-chan struct{}, ring func(now time.Time) time.Time) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-wake:
		}
		now := time.Now()
		next := ring(now)
		if next.IsZero() {
			timer.Stop()
			continue
		}
		timer.Reset(max(0, next.Sub(now)))
	}
}

// nudge wakes an alarm, if it is not about to wake already.
func nudge(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}
