package supervision

import (
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/guard"
)

// failure is what HandleFailure is told.
type failure struct {
	system  *actor.ActorSystem
	parent  actor.Supervisor // or a guardian
	child   *actor.PID
	reason  any
	message any
}

// ask asks a Decide field, or its default. A panic in it is a decision to stop because of that panic.
func (f *failure) ask(decide func(reason any) actor.Directive) (d actor.Directive, panicked bool) {
	if decide == nil {
		decide = Decide
	}
	if r := guard.Careful(f.system, "Decide; the actor is stopped", f.child, func() { d = decide(f.reason) }); r != nil {
		f.reason = r
		return actor.StopDirective, true
	}
	return d, false
}

// decide is like ask, but a guardian stops instead of escalating.
func (f *failure) decide(by func(reason any) actor.Directive) actor.Directive {
	d, _ := f.ask(by)
	if d == actor.EscalateDirective && guard.IsGuardian(f.parent) {
		guard.Escalated(f.system, f.child, f.reason)
		return actor.StopDirective
	}
	return d
}

// publish says what was decided, as Proto.Actor's own strategies do.
func (f *failure) publish(d actor.Directive) {
	announce(f.system, f.child, &actor.SupervisorEvent{Child: f.child, Reason: f.reason, Directive: d})
}

// stop stops the actor. It goes by its PID, as users do, which marks its process as stopped.
func (f *failure) stop(n *notes, t target) {
	n.forget(t)
	f.system.Root.Stop(f.child)
}

// announce publishes an event. Subscribers run on this goroutine, and may panic (facts P12).
func announce(system *actor.ActorSystem, child *actor.PID, event any) {
	guard.Careful(system, "a subscriber of the EventStream", child, func() { system.EventStream.Publish(event) })
}

// tries is how often an actor is helped to stop.
const tries = 3

// ended handles the failure of an actor that is stopping, and reports whether it was one. Left to
// Proto.Actor, a panic in Stopping turns the stop into a restart, or leaves an actor behind that is
// never through with it, as does a panic over the end of a child meanwhile; one in Stopped makes the
// parent wait for ever (facts P8).
func (f *failure) ended(n *notes, now time.Time, window time.Duration) bool {
	switch f.message.(type) {
	case *actor.Stop, *actor.Terminated:
	default:
		return false
	}
	t, there := aim(f.system, f.child, f.parent)
	switch {
	case !there: // in Stopped, after which the parent would have been told
		f.tellParent()
	case t.lives(): // not stopping, or the failure of a child of its own that it has escalated
		return false
	case n.help(t, now, window) > tries:
		f.system.Logger().Error("supervision: the actor fails whenever it stops; it is left as it is",
			slog.String("actor", f.child.Id), slog.Any("reason", f.reason))
	default:
		f.goOnStopping(t)
	}
	return true
}

func (f *failure) tellParent() {
	parent, ok := f.parent.(actor.Context)
	if !ok {
		return
	}
	if p, there := f.system.ProcessRegistry.Get(parent.Self()); there {
		p.SendSystemMessage(parent.Self(), &actor.Terminated{Who: f.child})
	}
}

// goOnStopping makes Proto.Actor take up a stop where a panic has ended it.
func (f *failure) goOnStopping(t target) {
	p, ok := t.find()
	if !ok {
		return
	}
	if last, ok := f.message.(*actor.Terminated); ok { // it has forgotten that child, but not gone on
		p.SendSystemMessage(t.pid, last)
		return
	}
	p.SendSystemMessage(t.pid, &actor.Restart{}) // or a Stop would do nothing
	p.SendSystemMessage(t.pid, &actor.Stop{})
}

// help cancels the restart of an actor that is stopping, and returns how often it has been helped.
func (n *notes) help(t target, now time.Time, window time.Duration) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	x := n.get(t, now, window)
	x.cancel()
	x.tally.last = now
	x.helped++
	return x.helped
}
