package socket

import (
	"reflect"
	"unsafe"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/guard"
)

// guardianOf is the strategy that WithGuardian has put into props; nil if there is none. Proto.Actor
// does not export it; where it is kept elsewhere, guardians are as safe as Proto.Actor makes them.
func guardianOf(props *actor.Props) actor.SupervisorStrategy {
	field := reflect.ValueOf(props).Elem().FieldByName("guardianStrategy")
	if !field.IsValid() || field.Type() != reflect.TypeFor[actor.SupervisorStrategy]() {
		return nil
	}
	s, _ := reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Interface().(actor.SupervisorStrategy)
	return s
}

// protect gives props a guardian that cannot crash the process (facts P5), and says what is wrong with
// the one they have.
func protect(props *actor.Props) error {
	g := guardianOf(props)
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
