package main

import (
	"context"
	"time"

	"github.com/sockeye-mq/sockeye/supervision"
)

// pause is a supervision.Clock on which a restart waits until it is told to go on: time to look at a
// group whose backend is down. A clock of one's own is for shows and tests.
type pause struct {
	begins  chan func()
	restart func()
}

func newPause() *pause { return &pause{begins: make(chan func(), 1)} }

// Now implements supervision.Clock.
func (*pause) Now() time.Time { return time.Now() }

// AfterFunc implements supervision.Clock.
func (p *pause) AfterFunc(_ time.Duration, restart func()) supervision.Timer {
	p.begins <- restart
	return forGood{}
}

// begun returns when the supervisor has decided to restart, and waits.
func (p *pause) begun(ctx context.Context) error {
	select {
	case p.restart = <-p.begins:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// over ends the pause.
func (p *pause) over() { p.restart() }

// forGood is the timer of a restart that nobody cancels.
type forGood struct{}

// Stop implements supervision.Timer.
func (forGood) Stop() bool { return false }
