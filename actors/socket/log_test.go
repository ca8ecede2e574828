package socket_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// One line for what matters, and never one for each message.
func TestLog(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	events := r.Collector()
	router := r.SpawnSupervised(&supervision.Backoff{Min: 1, Max: 1, Retries: 1}, socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"}, Events: events.PID})
	for range 100 {
		if err := messages.Put(r.Ctx, r.Root, router, messages.Text("nobody", "x")); err == nil {
			t.Fatal("it was sent to nobody")
		}
	}
	r.At(router)
	if n := strings.Count(r.Log(), "messages are dropped"); n != 1 {
		t.Error(n, "lines of 100 messages")
	}
	rig.Await[*socket.Opened](events)
	r.Root.Send(router, &socket.Fail{Err: errors.New("once")})
	rig.Await[*socket.Opened](events)
	r.Root.Send(router, &socket.Fail{Err: errors.New("twice")})
	rig.Await[*socket.Stopped](events)
	if n := strings.Count(r.Log(), "messages are dropped"); n > 2 || !strings.Contains(r.Log(), "ever=100") {
		t.Error(n, "lines of 100 messages")
	}
	for what, want := range map[string]int{"socket failed": 2, "socket open again": 1, "socket stopped": 1, "error=twice": 2} {
		if n := strings.Count(r.Log(), what); n != want {
			t.Errorf("%q: %d lines, not %d", what, n, want)
		}
	}
}
