package supervision

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/guard"
)

// Guarded makes a strategy – one of Proto.Actor's, one of yours – that cannot crash the process as a
// guardian. There
//   - an Escalate stops the actor that has failed;
//   - the children are that actor alone, so that an all-for-one strategy acts as one-for-one;
//   - a panic in s stops it, too.
//
// The first and the last are logged as errors. Under a parent nothing changes. What a strategy does
// later, on a goroutine of its own, is guarded except for its own panics. The strategies of this
// package need no Guarded.
//
// Results for equal strategies are equal, so that actors share one guardian. A strategy that is nil
// or cannot be compared can be no guardian, guarded or not (see [Refuses]); it is returned as it is.
func Guarded(s actor.SupervisorStrategy) actor.SupervisorStrategy { return guard.Strategy(s) }

// Refuses says why s cannot be a guardian as it is, or nil if it can. The error is a
// messages.ErrConfig. It knows three reasons: there is no strategy; it cannot be a key in a map,
// which is what Proto.Actor makes of it, and a panic when an actor is spawned; it is Proto.Actor's
// all-for-one, which asks for children that a guardian does not know.
func Refuses(s actor.SupervisorStrategy) error { return guard.Refuses(s) }
