package supervision

import (
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/guard"
)

// Backoff restarts a failed actor, and no other, after a pause. The nth failure in a row waits for a
// random time up to Min × 2ⁿ⁻¹, but not more than Max: full jitter, so that many that failed together
// do not come back together. More than Retries failures within Window stop the actor.
//
//	restart := actor.WithGuardian(&supervision.Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second, Retries: 5, Window: time.Minute})
//
// What Decide wants stopped, resumed or escalated is so at once, and costs no retry. The fields must
// not change once the strategy is in use.
type Backoff struct {
	Min     time.Duration // default 100 ms
	Max     time.Duration // default 5 s
	Retries int           // default 0: without end
	Window  time.Duration // default 1 min. An actor that was up and well for so long starts again at Min

	// Decide says what a failure calls for. Default: the function Decide. If it panics, the actor is
	// stopped. Where this strategy is a guardian, to escalate is to stop, and logged as an error.
	Decide func(reason any) actor.Directive
	Clock  Clock // default: package time

	notes notes // of the actors that have failed
}

// HandleFailure implements actor.SupervisorStrategy.
func (b *Backoff) HandleFailure(system *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, message any) {
	defer guard.Rescue(system, s, child)
	f := &failure{system, s, child, reason, message}
	if f.ended(&b.notes, b.now(), b.window()) {
		return
	}
	d := f.decide(b.Decide)
	t, there := aim(system, child, s)
	if d == actor.RestartDirective && !t.lives() {
		f.publish(actor.StopDirective) // which is on its way
		return
	}
	if d == actor.RestartDirective && !b.again(&b.notes, t, []target{t}) {
		d = actor.StopDirective
	}
	f.publish(d)
	switch d {
	case actor.RestartDirective: // in a while
	case actor.EscalateDirective:
		s.EscalateFailure(reason, message)
	case actor.ResumeDirective:
		if there && !b.notes.waits(t) {
			s.ResumeChildren(child)
		}
	default:
		if there {
			f.stop(&b.notes, t)
		}
	}
}

// again restarts the members after a pause, which depends on how often of has failed. It reports
// false if that was too often.
func (b *Backoff) again(n *notes, of target, members []target) bool {
	clock, now := timeOf(b.Clock), b.now()
	n.mu.Lock()
	defer n.mu.Unlock()
	x := n.get(of, now, b.window())
	if x.due != nil {
		x.due.join(members)
		return true
	}
	recent, row := x.tally.add(now, b.window(), max(b.Retries, 0)+1)
	if b.Retries > 0 && recent > b.Retries {
		return false
	}
	pause := b.pause(row)
	x.tally.last = now.Add(pause) // it is not well before
	n.after(clock, pause, x, members, func(members []target) func() {
		return func() {
			for _, m := range members {
				m.restart()
			}
		}
	})
	return true
}

// join adds those who are not there yet, and replaces those whose name has gone to another.
func (p *pending) join(members []target) {
next:
	for _, m := range members {
		for i := range p.members {
			if p.members[i].pid.Id == m.pid.Id {
				p.members[i] = m
				continue next
			}
		}
		p.members = append(p.members, m)
	}
}

// forget cancels what is pending for an actor and starts again with it.
func (b *Backoff) forget(t target) { b.notes.forget(t) }

func (b *Backoff) window() time.Duration { return or(b.Window, time.Minute) }

func (b *Backoff) now() time.Time { return timeOf(b.Clock).Now() }

// pause is uniform in (0, d], where d doubles with each failure in a row.
func (b *Backoff) pause(row int) time.Duration {
	least, d := or(b.Min, 100*time.Millisecond), or(b.Max, 5*time.Second)
	if doublings := row - 1; doublings < 62 && least<<doublings>>doublings == least {
		d = min(d, least<<doublings)
	}
	return 1 + rand.N(d)
}
