package interop

import (
	"reflect"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// Many Asks in flight through one Dealer to a REP, which has no idea of it.
func TestDealerAskRep(t *testing.T) {
	t.Parallel()
	s := streamOf("ask", 400)
	for name, s := range map[string]stream{"Dealer ⇄ REP": s, "Dealer ⇄ REP, no empty frames": s.withoutEmpty()} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, name, everyTransport, func(t *testing.T, l *lab) {
				p, dealer := l.meet(job{Role: "server", Types: []string{"REP"}, Lanes: 64, Stream: s}, 1,
					socket.Config{Type: socket.Dealer})
				sent, received := l.ask(dealer, s, 64)
				got := p.next()
				l.same("there", sent.total(), got.Received)
				l.same("back", got.Sent, received.total())
				l.clean(dealer, s.N, s.N)
			})
		})
	}
}

// The same to a ROUTER that answers the last request first.
func TestDealerAskRouter(t *testing.T) {
	everywhere(t, "Dealer ⇄ ROUTER", everyTransport, func(t *testing.T, l *lab) {
		s := streamOf("ask", 400)
		p, dealer := l.meet(job{Role: "server", Types: []string{"ROUTER"}, Lanes: 64, Enveloped: true, Reverse: true,
			Stream: s}, 1, socket.Config{Type: socket.Dealer})
		sent, received := l.ask(dealer, s, 64)
		got := p.next()
		l.same("there", sent.total(), got.Received)
		l.same("back", got.Sent, received.total())
		if want := [][]int{{13, 0}}; !reflect.DeepEqual(got.Envelopes, want) {
			t.Errorf("in front of the body were frames of %v bytes, want %v", got.Envelopes, want)
		}
		l.clean(dealer, s.N, s.N)
	})
}

// What is sent and not asked travels as it is, both ways, in order.
func TestDealerToRouter(t *testing.T) {
	everywhere(t, "Dealer ↔ ROUTER", everyMechanism, func(t *testing.T, l *lab) {
		s := streamOf("say", 400)
		received := newTally(s, 1)
		replies := l.actor(func(_ actor.Context, m *messages.Message) {
			received.add(m.Frames[:len(m.Frames)-1])
		})
		p, dealer := l.meet(job{Role: "server", Types: []string{"ROUTER"}, Lanes: 1, Stream: s,
			Options: map[string]int{"SNDHWM": 0, "ROUTER_MANDATORY": 1}}, 1,
			socket.Config{Type: socket.Dealer, Deliver: socket.To(replies)})
		sent := l.put(dealer, s)
		l.complete("back", received)
		got := p.next()
		l.same("there", sent.total(), got.Received)
		l.same("back", got.Sent, received.total())
		l.clean(dealer, s.N, s.N)
	})
}
