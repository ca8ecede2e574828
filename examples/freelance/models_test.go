package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// Model one goes past a server that never answers; model two does not even wait for it.
func TestModels(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	upper := r.Actor(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text(strings.ToUpper(m.Text())))
		}
	})
	deaf := r.Collector()
	var servers []*actor.PID
	for _, pid := range []*actor.PID{deaf.PID, upper} {
		rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(pid)})
		servers = append(servers, r.Spawn(socket.Config{Type: socket.Req, Connect: r.At(rep)}))
	}
	m := messages.Text("hello")
	reply, err := inTurn(r.Ctx, r.Root, servers, 300*time.Millisecond, m)
	if err != nil || reply.Text() != "HELLO" {
		t.Errorf("in turn: %v, %v", reply, err)
	}
	if m := deaf.Message(); m.Text() != "hello" {
		t.Errorf("the first was asked %q", m.Text())
	}
	for range 100 {
		if reply, err := allAtOnce(r.Ctx, r.Root, servers, m); err != nil || reply.Text() != "HELLO" {
			t.Errorf("at once: %v, %v", reply, err)
		}
	}
	if reply, err := inTurn(r.Ctx, r.Root, servers[:1], 50*time.Millisecond, m); err == nil {
		t.Errorf("a deaf server says %v", reply)
	}
	r.Stop(servers[0])
	if reply, err := allAtOnce(r.Ctx, r.Root, servers[:1], m); !errors.Is(err, messages.ErrStopped) {
		t.Errorf("a stopped socket says %v, %v", reply, err)
	}
}
