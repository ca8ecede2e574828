package socket_test

import (
	"errors"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// A socket that has connected to an inproc endpoint before anybody is bound there fails and comes back like any
// other, and holds no shutdown up, though libzmq does not let go of the old one.
func TestEarlyInproc(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	events, in := r.Collector(), r.Collector()
	lasts := r.SpawnSupervised(&supervision.Backoff{Min: 1, Max: 1}, socket.Config{Type: socket.Push, Connect: []string{"inproc://later"}, Events: events.PID})
	ends := r.SpawnSupervised(&supervision.Backoff{Decide: func(any) actor.Directive { return actor.StopDirective }},
		socket.Config{Type: socket.Pair, Connect: []string{"inproc://never"}})
	rig.Await[*socket.Opened](events)
	began := time.Now()
	for _, pid := range []*actor.PID{lasts, ends} {
		r.Root.Send(pid, &socket.Fail{Err: errors.New("early")})
	}
	rig.Await[*socket.Opened](events)
	t.Log("open again after", time.Since(began))
	r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://later"}, Deliver: socket.To(in.PID)})
	r.Put(lasts, messages.Text("hello"))
	if m := in.Message(); m.Text() != "hello" {
		t.Error(m)
	}
}
