package registry

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	shortPause = 100 * time.Millisecond
	longPause  = time.Second
)

// pause is how long to wait before what has failed is tried again: from 100 ms to 1 s, and up to a
// tenth more or less, so that many do not come at once.
type pause struct{ last time.Duration }

func (p *pause) next() time.Duration {
	p.last = min(max(2*p.last, shortPause), longPause)
	return jittered(p.last)
}

func (p *pause) reset() { p.last = 0 }

func jittered(d time.Duration) time.Duration {
	return d*9/10 + rand.N(d/5+1)
}

// sleep waits, and says whether ctx goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// wake leaves a token in c, which has room for one.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
