package supervision

import (
	"log/slog"
	"sync"
	"weak"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/guard"
)

// AllForOne restarts all children of a parent when one of them fails: together, after one pause. It
// is for actors that cannot do without each other, such as the two sockets of a proxy. It takes the
// fields of a [Backoff]:
//
//	actor.WithSupervisor(&supervision.AllForOne{Backoff: supervision.Backoff{Min: time.Second, Retries: 5}})
//
// Retries and Window count the failures of each parent's children as one. Children that fail during
// the pause join the restart that is pending and are not counted: a group that fails together fails
// once. Until then those that have not failed go on. Children that are spawned during the pause are
// not restarted, unless one of them fails as well.
//
// A decision to stop, or to restart once too often, stops all of them. A Resume is for the one that
// has failed.
//
// It needs a parent, through actor.WithSupervisor. A guardian does not know its children: there this
// strategy treats each actor on its own, as a Backoff does, and logs an error, once for each system.
type AllForOne struct {
	Backoff

	groups notes // of the parents whose children have failed

	mu   sync.Mutex
	told map[weak.Pointer[actor.ActorSystem]]bool // guarded by mu: systems that know that this is no guardian
}

// HandleFailure implements actor.SupervisorStrategy.
func (a *AllForOne) HandleFailure(system *actor.ActorSystem, s actor.Supervisor, child *actor.PID, rs *actor.RestartStatistics, reason, message any) {
	parent, ok := s.(actor.Context)
	if !ok {
		defer guard.Rescue(system, s, child)
		a.complain(system, child)
		a.Backoff.HandleFailure(system, s, child, rs, reason, message)
		return
	}
	f := &failure{system, s, child, reason, message}
	if f.ended(&a.notes, a.now(), a.window()) {
		return
	}
	d := f.decide(a.Decide)
	if t, _ := aim(system, child, s); d == actor.RestartDirective && !t.lives() {
		f.publish(actor.StopDirective) // which is on its way
		return
	}
	group, _ := aim(system, parent.Self(), nil)
	if d == actor.RestartDirective && !a.again(&a.groups, group, f.siblings()) {
		d = actor.StopDirective
	}
	f.publish(d)
	switch d {
	case actor.RestartDirective: // in a while
	case actor.EscalateDirective:
		s.EscalateFailure(reason, message)
	case actor.ResumeDirective:
		if !a.groups.waits(group) {
			s.ResumeChildren(child)
		}
	default:
		a.stopAll(f, group)
	}
}

// siblings are the children of the parent, the failed one included. Its turn is the time to ask it.
func (f *failure) siblings() []target {
	var all []target
	for _, pid := range f.parent.Children() {
		if t, there := aim(f.system, pid, f.parent); there {
			all = append(all, t)
		}
	}
	return all
}

func (a *AllForOne) stopAll(f *failure, group target) {
	a.groups.forget(group)
	for _, pid := range f.parent.Children() {
		f.system.Root.Stop(pid)
	}
}

// forget cancels what is pending for the group that t is one of.
func (a *AllForOne) forget(t target) {
	a.Backoff.forget(t)
	if parent, ok := t.parent.(actor.Context); ok {
		group, _ := aim(t.system, parent.Self(), nil)
		a.groups.forget(group)
	}
}

func (a *AllForOne) complain(system *actor.ActorSystem, child *actor.PID) {
	w := weak.Make(system)
	a.mu.Lock()
	told := a.told[w]
	if a.told == nil {
		a.told = map[weak.Pointer[actor.ActorSystem]]bool{}
	}
	a.told[w] = true
	a.mu.Unlock()
	if !told {
		system.Logger().Error("supervision: AllForOne is a guardian, which knows no siblings; it restarts the failed actor alone: use actor.WithSupervisor in its parent's props",
			slog.String("actor", child.Id))
	}
}
