package socket_test

import (
	"bytes"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// 64 MiB in one frame between two small ones: four times what an outbox holds by default.
func TestLargeMessages(t *testing.T) {
	large := make([]byte, 64<<20)
	for i := range large {
		large[i] = byte(i>>20 ^ i)
	}
	m := messages.Bytes([]byte("large"), large, nil)
	whole := func(m *messages.Message) bool {
		f := m.Frames
		return len(f) == 3 && string(f[0]) == "large" && bytes.Equal(f[1], large) && len(f[2]) == 0
	}
	for _, transport := range rig.Transports {
		t.Run(transport+"/PUSH-PULL", func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			got := r.Collector()
			pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{r.Endpoint(transport)}, Deliver: socket.To(got.PID)})
			push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull)})
			r.Root.Send(push, messages.Text("before"))
			r.Put(push, m) // waits for an empty outbox
			r.Put(push, messages.Text("after"))
			if before := got.Message(); before.Text() != "before" {
				t.Error(before.Text())
			}
			if !whole(got.Message()) {
				t.Error("it arrived as another message")
			}
			if after := got.Message(); after.Text() != "after" {
				t.Error(after.Text())
			}
		})
		t.Run(transport+"/DEALER-ROUTER", func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			router := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{r.Endpoint(transport)}, Deliver: socket.To(r.Echo())})
			dealer := r.Spawn(socket.Config{Type: socket.Dealer, Connect: r.At(router)})
			if !whole(r.Ask(dealer, m)) {
				t.Error("it came back as another message")
			}
		})
		t.Run(transport+"/REQ-REP", func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			answers := r.Actor(func(c actor.Context) {
				if q, ok := c.Message().(*messages.Message); ok && whole(q) {
					c.Respond(m)
				}
			})
			rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{r.Endpoint(transport)}, Deliver: socket.To(answers)})
			req := r.Spawn(socket.Config{Type: socket.Req, Connect: r.At(rep)})
			if !whole(r.Ask(req, m)) {
				t.Error("the reply is another message")
			}
		})
		t.Run(transport+"/PUB-SUB", func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			got := r.Collector()
			pub := r.Spawn(socket.Config{Type: socket.Pub, Bind: []string{r.Endpoint(transport)}})
			r.Spawn(socket.Config{Type: socket.Sub, Connect: r.At(pub), Subscribe: []string{"lar"}, Deliver: socket.To(got.PID), Batch: 8})
			r.Peers(pub, 1)
			r.Put(pub, messages.Pack(m))
			if got := got.Messages(1); !whole(got[0]) {
				t.Error("it arrived as another message")
			}
		})
	}
}
