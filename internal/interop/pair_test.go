package interop

import (
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// Both sides talk at once.
func TestPair(t *testing.T) {
	everywhere(t, "Pair ↔ PAIR", everyMechanism, func(t *testing.T, l *lab) {
		back, there := streamOf("back", 400), streamOf("there", 400)
		received := newTally(back, 1)
		p, pair := l.meet(job{Role: "duplex", Types: []string{"PAIR"}, Back: "back", Stream: there}, 1,
			socket.Config{Type: socket.Pair, Deliver: socket.To(l.into(received))})
		sent := l.put(pair, there)
		l.complete("back", received)
		got := p.next()
		l.same("there", sent.total(), got.Received)
		l.same("back", got.Sent, received.total())
		l.clean(pair, there.N, back.N)
	})
}
