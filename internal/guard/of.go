package guard

import (
	"reflect"
	"unsafe"

	"github.com/asynkron/protoactor-go/actor"
)

// GuardianOf is the strategy that WithGuardian has put into props; nil if there is none. Proto.Actor does not export
// it; where it is kept elsewhere, guardians are as safe as Proto.Actor makes them.
func GuardianOf(props *actor.Props) actor.SupervisorStrategy {
	return strategy(props, "guardianStrategy")
}

// SupervisorOf is the strategy that WithSupervisor has put into props; nil if there is none.
func SupervisorOf(props *actor.Props) actor.SupervisorStrategy {
	return strategy(props, "supervisionStrategy")
}

func strategy(props *actor.Props, name string) actor.SupervisorStrategy {
	field := reflect.ValueOf(props).Elem().FieldByName(name)
	if !field.IsValid() || field.Type() != reflect.TypeFor[actor.SupervisorStrategy]() {
		return nil
	}
	s, _ := reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Interface().(actor.SupervisorStrategy)
	return s
}
