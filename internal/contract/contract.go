// Package contract is what every socket type promises, on real libzmq: each pair of types that talk
// to one another, over each transport. It is a package of its own so that the tests of others can
// run it on their thread configuration.
package contract

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// Run runs the contract on threads of this configuration.
func Run(t *testing.T, cfg zmqthread.Config) {
	for _, transport := range rig.Transports {
		t.Run(transport, func(t *testing.T) {
			s := suite{cfg, transport}
			s.flows(t)
			s.dialogues(t)
		})
	}
	t.Run("tcp/STREAM", func(t *testing.T) { streams(t, cfg) })
}

// suite is the contract over one transport.
type suite struct {
	thread    zmqthread.Config
	transport string
}

// test is one part of the contract on a fresh thread.
func (s suite) test(t *testing.T, name string, f func(*bench)) {
	t.Run(name, func(t *testing.T) {
		rig.Leaks(t)
		f(&bench{rig.Start(t, s.thread), s.transport})
	})
}

// bench is where two sockets are put together.
type bench struct {
	*rig.Rig
	transport string
}

// end is one of them, and what it has received.
type end struct {
	*rig.Collector
	cfg socket.Config
	pid *actor.PID
}

// link spawns two sockets and returns when they know one another: a is bound, b connected to it.
func (b *bench) link(binds, connects socket.Config) (bound, connected *end) {
	b.T.Helper()
	binds.Bind = []string{b.Endpoint(b.transport)}
	bound = b.spawn(binds)
	connects.Connect = b.At(bound.pid)
	connected = b.spawn(connects)
	b.Peers(bound.pid, 1)
	b.Peers(connected.pid, 1)
	return bound, connected
}

func (b *bench) spawn(cfg socket.Config) *end {
	e := &end{cfg: cfg}
	if _, receives := socket.Directions(cfg.Type); receives {
		e.Collector = b.Collector()
		e.cfg.Deliver = socket.To(e.PID)
	}
	e.pid = b.Spawn(e.cfg)
	return e
}

func pair(a, b zmq.Type) string { return a.String() + "-" + b.String() }
