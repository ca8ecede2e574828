package supervision

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

func wrapped(err error) error {
	return fmt.Errorf("bind: %w", &zmqthread.OpError{Op: "bind", Err: err})
}

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		reason any
		want   actor.Directive
	}{
		{wrapped(syscall.EADDRINUSE), actor.RestartDirective},
		{wrapped(syscall.EMFILE), actor.RestartDirective},
		{wrapped(syscall.ENOBUFS), actor.RestartDirective},
		{&zmqthread.PanicError{Value: "x"}, actor.RestartDirective},
		{"a panic with a string", actor.RestartDirective},
		{nil, actor.RestartDirective},
		{wrapped(syscall.EINVAL), actor.StopDirective},
		{wrapped(syscall.EPROTONOSUPPORT), actor.StopDirective},
		{wrapped(zmq.ENOCOMPATPROTO), actor.StopDirective},
		{fmt.Errorf("x: %w", messages.ErrConfig), actor.StopDirective},
		{wrapped(zmq.ETERM), actor.EscalateDirective},
		{wrapped(syscall.ENOTSOCK), actor.EscalateDirective},
		{zmqthread.ErrShutdown, actor.EscalateDirective},
	} {
		if got := Decide(c.reason); got != c.want {
			t.Errorf("%v: %v, want %v", c.reason, got, c.want)
		}
	}
}

func TestClassed(t *testing.T) {
	mine := errors.New("mine")
	table := map[zmqthread.Class]actor.Directive{zmqthread.Gone: actor.ResumeDirective, 7: actor.StopDirective}
	decide := Classed(func(err error) zmqthread.Class {
		switch err {
		case mine:
			return 7
		case syscall.EINVAL:
			return 8
		}
		return zmqthread.ClassOf(err)
	}, table)
	delete(table, zmqthread.Gone) // too late
	for _, c := range []struct {
		reason any
		want   actor.Directive
	}{
		{mine, actor.StopDirective},
		{syscall.EINVAL, actor.RestartDirective}, // nobody knows what to do with class 8
		{wrapped(syscall.EINVAL), actor.StopDirective},
		{zmqthread.ErrShutdown, actor.ResumeDirective},
		{"a string", actor.RestartDirective},
		{nil, actor.RestartDirective},
	} {
		if got := decide(c.reason); got != c.want {
			t.Errorf("%v: %v, want %v", c.reason, got, c.want)
		}
	}
	stubborn := Classed(nil, map[zmqthread.Class]actor.Directive{zmqthread.Transient: actor.StopDirective})
	if got := stubborn("a string"); got != actor.StopDirective {
		t.Error(got)
	}
}
