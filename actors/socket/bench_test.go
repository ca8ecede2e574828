package socket_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// BenchmarkFlow sends messages through a PUSH to a PULL and its receiver, one actor message for
// each, and in batches on both ends.
func BenchmarkFlow(b *testing.B) {
	for _, at := range []string{"inproc://flow", "tcp://127.0.0.1:*"} {
		for _, size := range []int{64, 1024} {
			for _, batch := range []int{0, 256} {
				b.Run(fmt.Sprintf("%.6s/%dB/batch=%d", at, size, batch), func(b *testing.B) {
					flow(b, at, size, batch)
				})
			}
		}
	}
}

func flow(b *testing.B, at string, size, batch int) {
	r := rig.Start(b, zmqthread.Config{})
	var got atomic.Int64
	all := make(chan struct{})
	count := func(n int) {
		if got.Add(int64(n)) == int64(b.N) {
			close(all)
		}
	}
	sink := r.Actor(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *messages.Message:
			count(1)
		case *messages.Batch:
			n := int(m.Count)
			m.Release()
			count(n)
		}
	})
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{at}, Deliver: socket.To(sink), Batch: batch})
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull)})
	m := messages.Bytes(make([]byte, size))
	r.Put(push, m)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	pace := make(chan struct{}, 1)
	touch := r.Actor(func(c actor.Context) {
		switch c.Message().(type) {
		case string:
			c.Request(push, &actor.Touch{})
		case *actor.Touched:
			pace <- struct{}{}
		}
	})
	pace <- struct{}{}
	const half = 1024
	for i := 1; i < b.N; {
		n := min(half, b.N-i)
		if batch > 0 {
			bundle := messages.NewBatch()
			for range n {
				bundle.Append(m.Frames...)
			}
			r.Root.Send(push, bundle)
		} else {
			for range n {
				r.Root.Send(push, m)
			}
		}
		i += n
		<-pace // the Touch before: two halves may be under way
		r.Root.Send(touch, "again")
	}
	<-all
}

// BenchmarkAsk is one round trip after the other: REQ and DEALER to REP and back.
func BenchmarkAsk(b *testing.B) {
	for _, at := range []string{"inproc://ask", "tcp://127.0.0.1:*"} {
		for _, typ := range []struct {
			name string
			cfg  socket.Config
		}{{"REQ", socket.Config{Type: socket.Req}}, {"DEALER", socket.Config{Type: socket.Dealer}}} {
			b.Run(fmt.Sprintf("%.6s/%s", at, typ.name), func(b *testing.B) {
				r := rig.Start(b, zmqthread.Config{})
				rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{at}, Deliver: socket.To(r.Echo())})
				typ.cfg.Connect = r.At(rep)
				asker := r.Spawn(typ.cfg)
				m := messages.Bytes(make([]byte, 64))
				r.Ask(asker, m)
				b.ReportAllocs()
				for b.Loop() {
					r.Ask(asker, m)
				}
			})
		}
	}
}
