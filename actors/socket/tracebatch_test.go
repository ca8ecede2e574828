package socket_test

import (
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// A Router that delivers batches knows the body of a request with a context, with Trace and without, and its
// replies find back.
func TestTraceIntoARoutersBatch(t *testing.T) {
	for _, typ := range []string{"REQ", "DEALER"} {
		for _, trace := range []socket.Trace{socket.TraceOff, socket.TraceRequests, socket.TraceFrames} {
			t.Run(typ+" "+trace.String(), func(t *testing.T) {
				r := rig.Start(t, zmqthread.Config{})
				in := r.Collector()
				router := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(in.PID), Trace: trace, Batch: 16})
				cfg := socket.Config{Type: socket.Req, Connect: r.At(router), Trace: socket.TraceRequests}
				if typ == "DEALER" {
					cfg.Type = socket.Dealer
				}
				pid := r.Spawn(cfg)
				for _, n := range []int{1, -1} {
					answer := make(chan error, 1)
					go func() {
						sender := within{r.Root, nil}
						if n > 0 {
							sender.headers = headers(n)
						}
						reply, err := messages.Ask(r.Ctx, sender, pid, messages.Text("hello"))
						if err == nil && !areFrames(reply.Frames, "re hello") {
							t.Errorf("%q", reply.Frames)
						}
						answer <- err
					}()
					m := in.Messages(1)[0]
					if m.Text() != "hello" {
						t.Errorf("%q", m.Frames)
					}
					r.Put(router, messages.Reply(m, messages.Text("re "+m.Text())))
					if err := <-answer; err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}
