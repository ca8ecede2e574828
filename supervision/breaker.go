package supervision

import (
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/guard"
	"github.com/sockeye-mq/sockeye/messages"
)

// Breaker is a circuit breaker around another strategy: an actor that keeps failing is kept down for
// a while, so that neither it nor whoever depends on it wastes the time.
//
//	actor.WithGuardian(&supervision.Breaker{Failures: 5, Window: time.Minute, Open: 30 * time.Second,
//		Then: &supervision.Backoff{Max: time.Second}})
//
// While the circuit is closed, failures go to Then. With the Failures-th failure within Window it
// opens: the actor stays down, suspended, for Open. Then it is restarted, on trial: the circuit is
// half open. Another failure within Open opens it again at once; else it closes, and all failures are
// forgotten.
//
// Each change is published as a [*Circuit] on the system's EventStream. When the circuit opens, the
// actor is also sent a [*messages.Tripped]. A socket takes that although it is suspended, and rejects
// at once what is sent to it until it is open again; any other actor finds it among its messages
// after the restart.
//
// A failure for which Decide has anything but a restart is not the breaker's: it goes to Then, at
// once. Then decides for itself, so give both the same Decide if you change it. An actor that is
// stopped takes its circuit with it, without a word. Then should be one-for-one: an AllForOne restarts
// actors whose circuit is open along with their siblings. It should also not stop an actor before
// Failures are reached. The fields must not change once the strategy is in use.
type Breaker struct {
	Failures int           // default 5
	Window   time.Duration // default 1 min
	Open     time.Duration // default 30 s

	Then actor.SupervisorStrategy // default: a Backoff with the same Decide and Clock

	// Decide says what a failure calls for. Default: the function Decide. If it panics, the actor is
	// stopped.
	Decide func(reason any) actor.Directive
	Clock  Clock // default: package time

	once  sync.Once
	then  actor.SupervisorStrategy // immutable after once
	notes notes                    // of the actors that have failed
	news  news
}

// HandleFailure implements actor.SupervisorStrategy.
func (b *Breaker) HandleFailure(system *actor.ActorSystem, s actor.Supervisor, child *actor.PID, rs *actor.RestartStatistics, reason, message any) {
	defer guard.Rescue(system, s, child)
	b.once.Do(b.begin)
	f := &failure{system, s, child, reason, message}
	if f.ended(&b.notes, timeOf(b.Clock).Now(), b.window()) {
		return
	}
	t, _ := aim(system, child, s)
	d, panicked := f.ask(b.Decide)
	switch {
	case panicked:
		f.publish(d)
		f.stop(&b.notes, t)
		return
	case d == actor.RestartDirective && b.keepsDown(f, t), d == actor.ResumeDirective && b.isOpen(t):
		f.publish(actor.RestartDirective) // in a while
		return
	case d != actor.RestartDirective && d != actor.ResumeDirective:
		b.notes.forget(t)
	}
	b.then.HandleFailure(system, guard.Supervisor(system, s, child), child, rs, reason, message)
}

func (b *Breaker) begin() {
	b.then = b.Then
	if b.then == nil {
		b.then = &Backoff{Decide: b.Decide, Clock: b.Clock}
	}
}

// keepsDown counts a failure and reports whether the actor is to stay down for a while.
func (b *Breaker) keepsDown(f *failure, t target) bool {
	if !t.lives() {
		return false
	}
	down, until := b.count(t, f.reason)
	if until.IsZero() {
		return down
	}
	if then, ok := b.then.(interface{ forget(target) }); ok {
		then.forget(t)
	}
	b.news.publish()
	guard.Careful(f.system, "sending Tripped", f.child, func() {
		f.system.Root.Send(f.child, &messages.Tripped{Until: until, Reason: f.reason})
	})
	return true
}

// count counts a failure and reports whether the circuit is open. Until is set if that is new.
func (b *Breaker) count(t target, reason any) (open bool, until time.Time) {
	now := timeOf(b.Clock).Now()
	b.notes.mu.Lock()
	defer b.notes.mu.Unlock()
	x := b.notes.get(t, now, b.window())
	switch x.state {
	case Open:
		return true, until
	case Closed:
		if n, _ := x.tally.add(now, b.window(), b.failures()); n < b.failures() {
			return false, until
		}
	}
	return true, b.trip(x, t, reason, now)
}

// trip opens a circuit. Caller holds mu.
func (b *Breaker) trip(x *note, t target, reason any, now time.Time) (until time.Time) {
	until = now.Add(b.pause())
	x.reason = reason
	b.change(x, Open, until)
	b.notes.after(timeOf(b.Clock), b.pause(), x, nil, func([]target) func() { return b.try(x, t) })
	return until
}

// try begins a trial. Caller holds mu.
func (b *Breaker) try(x *note, t target) func() {
	if !t.lives() {
		b.notes.drop(t.name())
		return func() {}
	}
	clock := timeOf(b.Clock)
	until := clock.Now().Add(b.pause())
	b.change(x, HalfOpen, until)
	b.notes.after(clock, b.pause(), x, nil, func([]target) func() { return b.mend(x, t) })
	return func() {
		b.news.publish()
		t.restart()
	}
}

// mend closes a circuit whose trial has succeeded. Caller holds mu.
func (b *Breaker) mend(x *note, t target) func() {
	if t.lives() {
		b.change(x, Closed, time.Time{})
	}
	b.notes.drop(t.name())
	return b.news.publish
}

// change notes the new state of a circuit, and that it is to be published. Caller holds mu.
func (b *Breaker) change(x *note, state CircuitState, until time.Time) {
	x.state = state
	b.news.add(bulletin{x.system, &Circuit{Child: actor.NewPID(x.pid.Address, x.pid.Id), State: state, Reason: x.reason, Until: until}})
}

func (b *Breaker) isOpen(t target) bool {
	b.notes.mu.Lock()
	defer b.notes.mu.Unlock()
	x := b.notes.of[t.name()]
	return x != nil && x.process == t.process && x.state == Open
}

func (b *Breaker) window() time.Duration { return or(b.Window, time.Minute) }
func (b *Breaker) pause() time.Duration  { return or(b.Open, 30*time.Second) }

func (b *Breaker) failures() int {
	if b.Failures <= 0 {
		return 5
	}
	return b.Failures
}
