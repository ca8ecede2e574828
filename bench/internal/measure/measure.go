// Package measure is what the programs of this module share: round trips that are timed, the
// process's memory, and the machine that a report is about.
package measure

import (
	"context"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Times are durations: how often each was seen.
type Times struct {
	histogram *hdrhistogram.Histogram // in microseconds, to three digits
	Calls     int                     // how many were really made
}

// Quantile is the duration that q percent of all stay within.
func (t *Times) Quantile(q float64) time.Duration {
	return time.Duration(t.histogram.ValueAtQuantile(q)) * time.Microsecond
}

// Max is the longest.
func (t *Times) Max() time.Duration { return time.Duration(t.histogram.Max()) * time.Microsecond }

// Repeat calls do until the channel is closed, one call after the other, and times each.
//
// With every = 0 there is no pause in between. Otherwise a call begins that long after the one
// before began, or at once when that took longer. Then the calls that would have begun meanwhile are
// counted too, as if each had waited for the same end: without them a second in which nothing moves
// would be one slow call among thousands (this is known as coordinated omission).
func Repeat(ctx context.Context, until <-chan struct{}, every time.Duration, do func(context.Context) error) (*Times, error) {
	t := &Times{histogram: hdrhistogram.New(1, time.Hour.Microseconds(), 3)}
	for {
		select {
		case <-until:
			return t, nil
		default:
		}
		begin := time.Now()
		if err := do(ctx); err != nil {
			return t, err
		}
		took := time.Since(begin)
		t.Calls++
		if err := t.histogram.RecordCorrectedValue(took.Microseconds(), every.Microseconds()); err != nil {
			return t, err
		}
		if every > took {
			time.Sleep(every - took)
		}
	}
}
