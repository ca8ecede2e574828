package supervision

import "time"

// Clock is where a strategy has its time from. Default: package time. A test needs none: in
// testing/synctest package time is a fake already.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f once, d from now, on a goroutine of its own.
	AfterFunc(d time.Duration, f func()) Timer
}

// Timer is a call that waits for its time. A *time.Timer is one.
type Timer interface {
	// Stop cancels the call, and reports whether it has come before it.
	Stop() bool
}

type realTime struct{}

func (realTime) Now() time.Time                            { return time.Now() }
func (realTime) AfterFunc(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

func timeOf(clock Clock) Clock {
	if clock == nil {
		return realTime{}
	}
	return clock
}

func or(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}
