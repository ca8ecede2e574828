// Package pulse is the clock of an actor that sends heartbeats, and waits for those of others.
package pulse

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Tick is what the actor is sent.
type Tick struct{ of *time.Timer }

// Pulse sends its actor a Tick now and then. The zero value has stopped. It belongs to one incarnation of
// the actor; what an earlier one has started is none of its.
type Pulse struct {
	every time.Duration
	timer *time.Timer
	due   time.Time
}

// Start has c's actor sent a Tick each time so long after it has taken the one before.
func (p *Pulse) Start(c actor.Context, every time.Duration) {
	p.every = every
	p.next(c)
}

func (p *Pulse) next(c actor.Context) {
	root, self := c.ActorSystem().Root, c.Self()
	set := make(chan struct{})
	var t *time.Timer
	t = time.AfterFunc(p.every, func() {
		<-set
		root.Send(self, Tick{t})
	})
	close(set)
	p.timer, p.due = t, time.Now().Add(p.every)
}

// Take takes a Tick, and has the next one sent. It says how much too late that is: for so long the actor, or
// all of the process, has listened to nobody, so that nobody was silent meanwhile. A tick that is not of this
// pulse is not to be acted on.
func (p *Pulse) Take(c actor.Context, t Tick) (late time.Duration, ok bool) {
	if t.of != p.timer || p.timer == nil {
		return 0, false
	}
	late = max(0, time.Since(p.due))
	p.next(c)
	return late, true
}

// Stop ends it. Call it when the actor stops or restarts.
func (p *Pulse) Stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
}
