package socket_test

import (
	"fmt"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// BenchmarkLargeFlow streams large messages through a PUSH to a PULL and its receiver, at most eight
// of them under way.
func BenchmarkLargeFlow(b *testing.B) {
	for _, at := range []string{"inproc://flow", "tcp://127.0.0.1:*"} {
		for _, size := range []int{64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20, 16 << 20, 64 << 20} {
			b.Run(fmt.Sprintf("%.6s/%dKiB", at, size>>10), func(b *testing.B) {
				r := rig.Start(b, zmqthread.Config{})
				credit := make(chan struct{}, 8)
				sink := r.Actor(func(c actor.Context) {
					if _, ok := c.Message().(*messages.Message); ok {
						<-credit
					}
				})
				pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{at}, Deliver: socket.To(sink)})
				push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull), Outbox: socket.Limit{Messages: 16, Bytes: 1 << 30}})
				m := messages.Bytes(make([]byte, size))
				b.SetBytes(int64(size))
				for b.Loop() {
					credit <- struct{}{}
					r.Root.Send(push, m)
				}
				for range cap(credit) {
					credit <- struct{}{}
				}
			})
		}
	}
}
