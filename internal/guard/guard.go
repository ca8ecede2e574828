// Package guard keeps supervisor strategies from crashing the process.
//
// A root actor is supervised by a guardian, which is no actor: it has no children to name and
// nobody to escalate to. Proto.Actor's panics when a strategy asks it to, on the goroutine of the
// actor that has failed and outside its recover, so that the whole process goes down (facts P5).
package guard

import (
	"fmt"
	"log/slog"
	"reflect"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// IsGuardian reports whether a failure was given to a guardian rather than to the failed actor's
// parent, which is an actor.Context.
func IsGuardian(s actor.Supervisor) bool {
	_, parent := s.(actor.Context)
	return !parent
}

// Refuses says why s cannot be a guardian as it is, or nil if it can. The error is a
// messages.ErrConfig. It knows three reasons: there is no strategy; it cannot be a key in a map,
// which is what Proto.Actor makes of it; it is Proto.Actor's all-for-one, which asks for the children.
func Refuses(s actor.SupervisorStrategy) error {
	v := reflect.ValueOf(s)
	switch {
	case !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil():
		return fmt.Errorf("guardian: %w: no strategy", messages.ErrConfig)
	case !v.Comparable():
		return fmt.Errorf("guardian: %w: a %T cannot be compared; use a pointer", messages.ErrConfig, s)
	case v.Type() == allForOne:
		return fmt.Errorf("guardian: %w: a guardian does not know the children that an all-for-one strategy asks for", messages.ErrConfig)
	}
	return nil
}

var allForOne = reflect.TypeOf(actor.NewAllForOneStrategy(0, 0, nil))

// Strategy makes s one that cannot crash the process as a guardian. There
//   - an Escalate stops the actor that has failed;
//   - the children are that actor alone, so that an all-for-one strategy acts as one-for-one;
//   - a panic in s stops it, too.
//
// The first and the last are logged as errors. Under a parent nothing changes. What a strategy does
// later, on a goroutine of its own, is guarded except for its own panics.
//
// Results for equal strategies are equal, so that they share one guardian. A strategy that is nil or
// cannot be compared can be no guardian, guarded or not (see Refuses); it is returned as it is.
func Strategy(s actor.SupervisorStrategy) actor.SupervisorStrategy {
	if v := reflect.ValueOf(s); !v.IsValid() || !v.Comparable() {
		return s
	}
	if g, ok := s.(guarded); ok {
		return g
	}
	return guarded{s}
}

type guarded struct{ actor.SupervisorStrategy }

// HandleFailure implements actor.SupervisorStrategy.
func (g guarded) HandleFailure(system *actor.ActorSystem, s actor.Supervisor, child *actor.PID, rs *actor.RestartStatistics, reason, message any) {
	defer Rescue(system, s, child)
	g.SupervisorStrategy.HandleFailure(system, Supervisor(system, s, child), child, rs, reason, message)
}

// Supervisor is what a strategy may be given as supervisor for the failure of child: s itself, or
// something that stands between the strategy and a guardian.
func Supervisor(system *actor.ActorSystem, s actor.Supervisor, child *actor.PID) actor.Supervisor {
	if !IsGuardian(s) {
		return s
	}
	return &sentry{s, system, child}
}

type sentry struct {
	actor.Supervisor
	system *actor.ActorSystem
	child  *actor.PID
}

func (s *sentry) Children() []*actor.PID { return []*actor.PID{s.child} }

func (s *sentry) EscalateFailure(reason, _ any) {
	Escalated(s.system, s.child, reason)
	s.system.Root.Stop(s.child)
}

// Escalated logs that a guardian's strategy has decided to escalate.
func Escalated(system *actor.ActorSystem, child *actor.PID, reason any) {
	system.Logger().Error("supervision: a guardian has nobody to escalate to; the actor is stopped",
		slog.String("actor", child.Id), slog.Any("reason", reason))
}

// Rescue is to be deferred around a strategy: where s is a guardian, a panic stops the child and is
// logged.
func Rescue(system *actor.ActorSystem, s actor.Supervisor, child *actor.PID) {
	if !IsGuardian(s) {
		return // a failure of the parent
	}
	if r := recover(); r != nil {
		system.Root.Stop(child)
		panicked(system, "a strategy; the actor is stopped", child, r)
	}
}

// Careful runs f, which may run somebody else's code, and returns the value that it has panicked
// with, or nil. The panic is logged.
func Careful(system *actor.ActorSystem, what string, child *actor.PID, f func()) (reason any) {
	defer func() {
		if reason = recover(); reason != nil {
			panicked(system, what, child, reason)
		}
	}()
	f()
	return nil
}

func panicked(system *actor.ActorSystem, what string, child *actor.PID, reason any) {
	system.Logger().Error("supervision: panic in "+what, slog.String("actor", child.Id), slog.Any("panic", reason))
}
