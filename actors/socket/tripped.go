package socket

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// trip is told by a circuit breaker that the socket stays closed for a while: until it is open again
// whoever sends is told at once, and so is whoever waits for a reply, or for room. What the outbox
// has accepted from others stays there. It runs on the goroutine of whoever sent it, for the actor
// is suspended.
func (b *box) trip(m *messages.Tripped) {
	b.mu.Lock()
	var told []*actor.PID
	if b.sealed == nil {
		b.tripped = m.String()
		b.meter.enter(StateTripped)
		for o := range b.calls {
			if !o.put() {
				o.gone.Store(true)
				b.finish(o)
				told = append(told, o.pid)
			}
		}
		for _, w := range b.waiting {
			b.books.rejected += uint64(w.n)
			if b.finish(w.from) {
				told = append(told, w.from.pid)
			}
		}
		b.waiting = nil
	}
	b.mu.Unlock()
	b.system.Logger().Warn("sockeye: circuit open", "socket", b.self, "why", m.String(), "turned away", len(told))
	for _, pid := range told {
		b.careful(func() {
			b.system.Root.Send(pid, b.rejection(nil, messages.Reason_CIRCUIT_OPEN, m.String()))
		})
	}
}
