package socket

import (
	"reflect"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/guard"
)

// protect gives props a guardian that cannot crash the process (facts P5), and says what is wrong with
// the one they have.
func protect(props *actor.Props) error {
	g := guard.GuardianOf(props)
	if g == nil {
		return nil
	}
	if err := guard.Refuses(g); err != nil {
		props.Configure(actor.WithGuardian(actor.DefaultSupervisorStrategy())) // of a socket that stops at once
		return &ConfigError{"WithGuardian", reflect.TypeOf(g).String(), err.Error()}
	}
	props.Configure(actor.WithGuardian(guard.Strategy(g)))
	return nil
}

// nameOfGuardian is the type of the guardian that props have; "": none.
func nameOfGuardian(props *actor.Props) string {
	if g := guard.GuardianOf(props); g != nil {
		return strings.TrimPrefix(reflect.TypeOf(g).String(), "*")
	}
	return ""
}
