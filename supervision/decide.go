package supervision

import (
	"maps"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// Decide is the default of every Decide field. It goes by the class of the error (see
// [zmqthread.ClassOf]): what may be gone the next time, Transient, is restarted; what a restart would
// only repeat, Wrong, is stopped; the end of what the actor lives on, Gone, is escalated, which as
// guardian means stopped. A reason that is no error, such as a panic with a string, counts as
// Transient, and so does nil.
func Decide(reason any) actor.Directive { return byClass(reason) }

var byClass = Classed(nil, nil)

// immutable
var directiveOf = map[zmqthread.Class]actor.Directive{
	zmqthread.Transient: actor.RestartDirective,
	zmqthread.Wrong:     actor.StopDirective,
	zmqthread.Gone:      actor.EscalateDirective,
}

// Classed returns a function for a Decide field that goes by the class of the error. Where
// directives has none for a class, [Decide] has its say; a nil classify is [zmqthread.ClassOf]. To
// wait for an address that only root may bind, say, until somebody grants it:
//
//	Decide: supervision.Classed(func(err error) zmqthread.Class {
//		if errors.Is(err, syscall.EACCES) {
//			return zmqthread.Transient
//		}
//		return zmqthread.ClassOf(err)
//	}, nil)
func Classed(classify func(error) zmqthread.Class, directives map[zmqthread.Class]actor.Directive) func(reason any) actor.Directive {
	if classify == nil {
		classify = zmqthread.ClassOf
	}
	directives = maps.Clone(directives)
	return func(reason any) actor.Directive {
		class := zmqthread.Transient
		if err, ok := reason.(error); ok {
			class = classify(err)
		}
		if d, ok := directives[class]; ok {
			return d
		}
		if d, ok := directiveOf[class]; ok {
			return d
		}
		return actor.RestartDirective // a class that only classify knows
	}
}
