// Package supervision has restart strategies for actors that own something outside the process.
//
// Proto.Actor's own restart without a pause, and its exponential one is linear and without a cap
// (facts P4): for a port that is taken that means giving up within a millisecond.
package supervision

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// Backoff restarts a failed actor after a pause that doubles with every failure: Min, 2 × Min,
// 4 × Min, … up to Max, each with jitter (between half of it and all of it, so that a group that
// failed together does not come back together). More than Retries failures within Window stop it.
//
// Use a pointer, as guardian of root actors (actor.WithGuardian) or as supervisor of children
// (actor.WithSupervisor, given to the parent):
//
//	restart := actor.WithGuardian(&supervision.Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second, Retries: 5, Window: time.Minute})
type Backoff struct {
	Min     time.Duration // default 100 ms
	Max     time.Duration // default 5 s
	Retries int           // default 0: without end
	Window  time.Duration // default 1 min. An actor that was well for so long starts again at Min

	// Decide says what a failure calls for. Default: the function Decide.
	Decide func(reason any) actor.Directive

	mu       sync.Mutex
	failures map[string][]time.Time // guarded by mu: of each child, within Window
}

// Decide restarts after what may be gone the next time, and stops after what a restart would only
// repeat; see zmqthread.ClassOf. A guardian that escalates crashes the process (facts P5), so what
// is gone for good stops, too.
func Decide(reason any) actor.Directive {
	if err, ok := reason.(error); ok && zmqthread.ClassOf(err) != zmqthread.Transient {
		return actor.StopDirective
	}
	return actor.RestartDirective
}

// HandleFailure implements actor.SupervisorStrategy. The restart is a message like any other: one
// that comes after a stop does nothing.
func (b *Backoff) HandleFailure(system *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, message any) {
	decide := b.Decide
	if decide == nil {
		decide = Decide
	}
	d := decide(reason)
	var pause time.Duration
	if d == actor.RestartDirective {
		n := b.fail(child)
		if b.Retries > 0 && n > b.Retries {
			d = actor.StopDirective
		}
		pause = b.pause(n)
	}
	system.EventStream.Publish(&actor.SupervisorEvent{Child: child, Reason: reason, Directive: d})
	switch d {
	case actor.ResumeDirective:
		s.ResumeChildren(child)
	case actor.StopDirective:
		b.forget(child)
		s.StopChildren(child)
	case actor.EscalateDirective:
		s.EscalateFailure(reason, message)
	default:
		time.AfterFunc(pause, func() { s.RestartChildren(child) })
	}
}

// fail notes a failure and returns how many there were within the window, this one included.
func (b *Backoff) fail(child *actor.PID) int {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures == nil {
		b.failures = map[string][]time.Time{}
	}
	window := or(b.Window, time.Minute)
	var recent []time.Time
	for _, t := range b.failures[child.Id] {
		if now.Sub(t) < window {
			recent = append(recent, t)
		}
	}
	// Beyond this the pause is at its cap anyway, and Retries has been asked.
	if most := max(b.Retries+1, 64); len(recent) >= most {
		recent = recent[1:]
	}
	b.failures[child.Id] = append(recent, now)
	b.sweep(now, window)
	return len(recent) + 1
}

// sweep forgets children that have been well for a window, or are long gone. Caller holds mu.
func (b *Backoff) sweep(now time.Time, window time.Duration) {
	if len(b.failures) < 1024 {
		return
	}
	for id, times := range b.failures {
		if now.Sub(times[len(times)-1]) >= window {
			delete(b.failures, id)
		}
	}
}

func (b *Backoff) forget(child *actor.PID) {
	b.mu.Lock()
	delete(b.failures, child.Id)
	b.mu.Unlock()
}

func (b *Backoff) pause(n int) time.Duration {
	least, most := or(b.Min, 100*time.Millisecond), or(b.Max, 5*time.Second)
	d := most
	if n <= 30 && least<<(n-1) > 0 { // beyond that the shift could overflow
		d = min(d, least<<(n-1))
	}
	return d/2 + rand.N(d/2+1)
}

func or(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}
