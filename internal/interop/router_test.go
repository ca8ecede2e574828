package interop

import (
	"slices"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// A Router answers REQs, those that put a request id in front of their requests, too.
func TestRouterToReq(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]map[string]int{
		"Router ⇄ REQ":             nil,
		"Router ⇄ REQ, correlated": {"REQ_CORRELATE": 1, "REQ_RELAXED": 1},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, name, everyTransport, func(t *testing.T, l *lab) {
				s := streamOf("ask", 200)
				received, sent := newTally(s, 3), newTally(s, 3)
				p, router := l.meet(job{Role: "client", Types: []string{"REQ"}, Options: options, Stream: s}, 3,
					socket.Config{Type: socket.Router, Deliver: socket.To(l.echo(received, sent))})
				got := p.next()
				l.same("here", got.Sent, received.total())
				l.same("back", sent.total(), got.Received)
				l.clean(router, s.N, s.N)
			})
		})
	}
}

// Three DEALERs talk to one Router, which answers in every way there is: c.Respond, messages.Reply,
// and a message that begins with the identity.
func TestRouterToDealer(t *testing.T) {
	everywhere(t, "Router ⇄ DEALER", everyMechanism, func(t *testing.T, l *lab) {
		s := streamOf("say", 600)
		received, sent := newTally(s, 3), newTally(s, 3)
		self := make(chan *actor.PID, 1) // the Router's
		var router *actor.PID
		desk := l.actor(func(c actor.Context, m *messages.Message) {
			if router == nil {
				router = <-self
			}
			body := m.Frames[1:]
			i := s.index(body)
			if string(m.Frames[0]) != [...]string{"alice", "bob", "\xffcarol"}[max(i, 0)%3] {
				body = m.Frames // which the tally finds wrong
			}
			received.add(body)
			sent.add(body)
			switch answer := re(m.Body()); i / 3 % 3 {
			case 0:
				c.Respond(answer)
			case 1:
				c.Send(router, messages.Reply(m, answer))
			case 2:
				c.Send(router, messages.Bytes(slices.Concat(m.Frames[:1], re(body).Frames)...))
			}
		})
		p, pid := l.meet(job{Role: "client", Types: []string{"DEALER"}, Window: 100,
			Identities: []string{"alice", "bob", "ÿcarol"}, Stream: s}, 3,
			socket.Config{Type: socket.Router, Deliver: socket.To(desk)})
		self <- pid
		got := p.next()
		l.same("here", got.Sent, received.total())
		l.same("back", sent.total(), got.Received)
		l.clean(pid, s.N, s.N)
	})
}
