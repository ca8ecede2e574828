package socket_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// A second bind of an address is an error that names who holds it. Whoever wants to share it
// attaches a receiver there, and both are served by the one socket.
func TestSecondBindIsSharedOnRequest(t *testing.T) {
	for _, transport := range rig.Transports {
		t.Run(transport, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			first, second := r.Collector(), r.Collector()
			holder := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{r.Endpoint(transport)}, Deliver: socket.To(first.PID)})
			at := r.At(holder)

			cfg := socket.Config{Type: socket.Pull, Bind: at, Deliver: socket.To(second.PID)}
			refused := r.SpawnSupervised(&supervision.Backoff{Retries: 1, Min: 1}, cfg)
			var held *zmqthread.HeldError
			rig.Until(t, "the second to be refused", func() bool { return errors.As(socket.Reason(r.Ctx, r.Root, refused), &held) })
			if !held.Holder.Equal(holder) || !errors.Is(held, syscall.EADDRINUSE) {
				t.Fatal(held)
			}
			r.Do(held.Holder, &socket.Attach{PID: second.PID})

			push := r.Spawn(socket.Config{Type: socket.Push, Connect: at})
			r.Put(push, messages.Text("for both"))
			for _, c := range []*rig.Collector{first, second} {
				if m := c.Message(); m.Text() != "for both" {
					t.Error(m.Text())
				}
			}
		})
	}
}
