package socket_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// While its gate is shut a socket neither sends nor receives; nothing is lost, and it goes on when it opens.
func TestGate(t *testing.T) {
	for _, portable := range []bool{false, true} {
		t.Run(fmt.Sprint("portable ", portable), func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{Portable: portable})
			var open, asked atomic.Int64
			gate := func() bool { asked.Add(1); return open.Load() != 0 }
			c := r.Collector()
			pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(c.PID), Gate: gate})
			push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull)})
			r.Peers(push, 1)
			for i := range 10 {
				r.Put(push, messages.Text(fmt.Sprint(i)))
			}
			back := r.Collector()
			gated := r.Spawn(socket.Config{Type: socket.Push, Bind: []string{"tcp://127.0.0.1:*"}, Gate: gate})
			far := r.Spawn(socket.Config{Type: socket.Pull, Connect: r.At(gated), Deliver: socket.To(back.PID)})
			r.Peers(gated, 1)
			r.Peers(far, 1)
			ctx, cancel := context.WithTimeout(r.Ctx, 100*time.Millisecond)
			defer cancel()
			if err := messages.Put(ctx, r.Root, gated, messages.Text("forgotten")); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("put: %v", err)
			}
			r.Root.Send(gated, messages.Text("x"))
			if n := r.Counts(pull).Received; n != 0 {
				t.Errorf("received %d", n)
			}
			// Every 2 ms, not as often as the thread can: in 100 ms that is 50 each, and a few for what happens.
			if n := asked.Load(); n > 1000 {
				t.Errorf("asked %d times", n)
			}
			open.Store(1)
			c.Messages(10)
			for _, want := range []string{"forgotten", "x"} {
				if m := back.Message(); m.Text() != want {
					t.Errorf("got %v", m)
				}
			}
		})
	}
}

// A gate that panics is a failure of its socket, and of no other.
func TestGatePanics(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	var bad atomic.Bool
	events := r.Collector()
	gated := r.Spawn(socket.Config{Type: socket.Push, Bind: []string{"tcp://127.0.0.1:*"}, Events: events.PID,
		Gate: func() bool {
			if bad.Swap(false) {
				panic("on purpose")
			}
			return true
		}})
	c := r.Collector()
	far := r.Spawn(socket.Config{Type: socket.Pull, Connect: r.At(gated), Deliver: socket.To(c.PID)})
	r.Peers(far, 1)
	bad.Store(true)
	r.Root.Send(gated, messages.Text("x"))
	var p *zmqthread.PanicError
	if e, _ := rig.Await[*socket.Failed](events); !errors.As(e.Err, &p) || !e.Kept {
		t.Errorf("%+v", e)
	}
	if m := c.Message(); m.Text() != "x" {
		t.Errorf("got %v", m)
	}
}
