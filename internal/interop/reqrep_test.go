package interop

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// ask has so many goroutines Ask for the stream, each its own lane, one request after the other.
// Every reply must be the answer to its request.
func (l *lab) ask(pid *actor.PID, s stream, askers int) (sent, received *tally) {
	l.T.Helper()
	sent, received = newTally(s, askers), newTally(s, askers)
	var wg sync.WaitGroup
	for lane := range askers {
		wg.Go(func() {
			for i := lane; i < s.N; i += askers {
				request := s.message(i)
				reply, err := messages.Ask(l.Ctx, l.Root, pid, messages.Bytes(request...))
				if err != nil {
					l.T.Errorf("request %d: %v", i, err)
					return
				}
				if !equal(reply.Frames, re(request).Frames) {
					l.T.Errorf("reply to %d: %s", i, describe(reply.Frames))
					return
				}
				sent.add(request)
				received.add(reply.Frames[:len(reply.Frames)-1])
			}
		})
	}
	wg.Wait()
	return sent, received
}

// A Req keeps the order of each of its askers.
func TestReqToRep(t *testing.T) {
	t.Parallel()
	s := streamOf("ask", 300)
	for name, c := range map[string]struct {
		ways   []way
		stream stream
	}{
		"Req ⇄ REP":                  {everyTransport, s},
		"Req ⇄ REP, no empty frames": {everyMechanism, s.withoutEmpty()},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, name, c.ways, func(t *testing.T, l *lab) {
				p, req := l.meet(job{Role: "server", Types: []string{"REP"}, Lanes: 8, Stream: c.stream}, 1,
					socket.Config{Type: socket.Req})
				sent, received := l.ask(req, c.stream, 8)
				got := p.next()
				l.same("there", sent.total(), got.Received)
				l.same("back", got.Sent, received.total())
				l.clean(req, s.N, s.N)
			})
		})
	}
}

// What a ROUTER sees in front of a Req's body: a request id and the empty frame, and with
// NoCorrelate the empty frame alone. A ROUTER that gives back what it saw serves either.
func TestReqToRouter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options socket.Options
		stale   bool // every reply comes after one to the request before it
		saw     [][]int
		via     []way
	}{
		"correlated":            {saw: [][]int{{4, 0}}, via: everyTransport},
		"correlated, stale too": {saw: [][]int{{4, 0}}, via: []way{tcp}, stale: true},
		"NoCorrelate":           {saw: [][]int{{0}}, via: []way{ipc}, options: socket.Options{NoCorrelate: true}},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, "Req ⇄ ROUTER, "+name, c.via, func(t *testing.T, l *lab) {
				s := streamOf("ask", 200)
				p, req := l.meet(job{Role: "server", Types: []string{"ROUTER"}, Lanes: 4, Enveloped: true, Stale: c.stale,
					Stream: s}, 1, socket.Config{Type: socket.Req, Options: c.options})
				sent, received := l.ask(req, s, 4)
				got := p.next()
				l.same("there", sent.total(), got.Received)
				l.same("back", got.Sent, received.total())
				if !reflect.DeepEqual(got.Envelopes, c.saw) {
					t.Errorf("in front of the body were frames of %v bytes, want %v", got.Envelopes, c.saw)
				}
				l.clean(req, s.N, s.N)
			})
		})
	}
}

// The other side of that trade: a ROUTER that takes the envelope apart by position answers a Req
// with NoCorrelate only. The default Req finds no id in the reply, and tells its asker in time.
func TestReqToPositionalRouter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options socket.Options
		within  time.Duration
		saw     int
		err     error
	}{
		"correlated":  {socket.Options{}, time.Second, 4, messages.ErrTimedOut},
		"NoCorrelate": {socket.Options{NoCorrelate: true}, 0, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, "Req ⇄ ROUTER by position, "+name, []way{tcp}, func(t *testing.T, l *lab) {
				p, req := l.meet(job{Role: "positional", Types: []string{"ROUTER"}}, 1,
					socket.Config{Type: socket.Req, Options: c.options, ReplyTimeout: c.within})
				reply, err := messages.Ask(l.Ctx, l.Root, req, messages.Text("hello"))
				if !errors.Is(err, c.err) || err == nil && reply.Text() != "hello" {
					t.Errorf("got %v, %v", reply, err)
				}
				if got := p.next().Envelopes; len(got) != 1 || got[0][0] != c.saw {
					t.Errorf("the frame behind the identity has %v bytes, want %d", got, c.saw)
				}
			})
		})
	}
}

// echo spawns an actor that puts requests into a tally and answers each.
func (l *lab) echo(received, sent *tally) *actor.PID {
	return l.actor(func(c actor.Context, m *messages.Message) {
		received.add(m.Body())
		sent.add(m.Body())
		c.Respond(re(m.Body()))
	})
}

// Three REQs ask one Rep.
func TestRepToReq(t *testing.T) {
	everywhere(t, "Rep ⇄ REQ", everyMechanism, func(t *testing.T, l *lab) {
		s := streamOf("ask", 400)
		received, sent := newTally(s, 3), newTally(s, 3)
		p, rep := l.meet(job{Role: "client", Types: []string{"REQ"}, Stream: s}, 3,
			socket.Config{Type: socket.Rep, Deliver: socket.To(l.echo(received, sent))})
		got := p.next()
		l.same("here", got.Sent, received.total())
		l.same("back", sent.total(), got.Received)
		l.clean(rep, s.N, s.N)
	})
}

// DEALERs keep many requests in flight and tell the replies apart by what they put in front of the
// empty frame: a number, and whatever ROUTERs on the way would. The replies are late and reversed.
func TestRepToDealer(t *testing.T) {
	everywhere(t, "Rep ⇄ DEALER", everyTransport, func(t *testing.T, l *lab) {
		const together = 8
		s := streamOf("ask", 400/together*together)
		received, sent := newTally(s, 3), newTally(s, 0)
		type request struct {
			from *actor.PID
			body [][]byte
		}
		var waiting []request
		late := l.actor(func(c actor.Context, m *messages.Message) {
			received.add(m.Frames)
			if waiting = append(waiting, request{c.Sender(), m.Frames}); len(waiting) < together {
				return
			}
			for i := range waiting {
				r := waiting[together-1-i]
				sent.add(r.body)
				c.Send(r.from, re(r.body))
			}
			waiting = nil
		})
		p, rep := l.meet(job{Role: "client", Types: []string{"DEALER"}, Window: 100, Enveloped: true,
			Hops: []string{"\x00\x01\x02\x03\x04", "hop"}, Stream: s}, 3, socket.Config{Type: socket.Rep, Deliver: socket.To(late)})
		got := p.next()
		l.same("here", got.Sent, received.total())
		l.same("back", sent.total(), got.Received)
		l.clean(rep, s.N, s.N)
	})
}
