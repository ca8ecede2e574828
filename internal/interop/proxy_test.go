package interop

import (
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// between runs test with the proxy of every kind of peer: its front is on tcp and its back on ipc, and
// ends says where.
func between(t *testing.T, front, back, pair string, test func(t *testing.T, l *lab, ends []string)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			cell(t, k, pair, "tcp and ipc", "they bind")
			l := &lab{Rig: rig.Start(t, zmqthread.Config{}), kind: k, pair: pair}
			p := k.run(t, job{Role: "proxy", Types: []string{front, back}, Options: map[string]int{"SNDHWM": 0},
				Bind: []string{l.Endpoint("tcp"), l.Endpoint("ipc")}})
			test(t, l, p.next().At)
		})
	}
}

// A Req, and a Dealer with many Asks in flight, reach a Rep behind a ROUTER and a DEALER.
func TestThroughBroker(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		client socket.Config
		askers int
	}{
		"Req":    {socket.Config{Type: socket.Req}, 4},
		"Dealer": {socket.Config{Type: socket.Dealer}, 32},
	} {
		t.Run(name, func(t *testing.T) {
			between(t, "ROUTER", "DEALER", name+" ⇄ ROUTER–DEALER ⇄ Rep", func(t *testing.T, l *lab, ends []string) {
				s := streamOf("ask", 400)
				handled, answered := newTally(s, c.askers), newTally(s, c.askers)
				rep := l.Spawn(socket.Config{Type: socket.Rep, Connect: ends[1:], Deliver: socket.To(l.echo(handled, answered))})
				cfg := c.client
				cfg.Connect = ends[:1]
				client := l.Spawn(cfg)
				sent, received := l.ask(client, s, c.askers)
				l.same("there", sent.total(), handled.total())
				l.same("back", answered.total(), received.total())
				l.clean(rep, s.N, s.N)
				l.clean(client, s.N, s.N)
			})
		})
	}
}

// A subscription travels from a Sub through an XPUB and an XSUB to a Pub, whose WaitPeers sees it.
func TestThroughForwarder(t *testing.T) {
	t.Parallel()
	between(t, "XSUB", "XPUB", "Pub → XSUB–XPUB → Sub", func(t *testing.T, l *lab, ends []string) {
		s := streamOf("report", 600, topics...)
		sent, received := s.part(starts("news."))
		l.Spawn(socket.Config{Type: socket.Sub, Connect: ends[1:], Subscribe: []string{"news."}, Deliver: socket.To(l.into(received))})
		pub := l.Spawn(socket.Config{Type: socket.Pub, Connect: ends[:1]})
		l.Peers(pub, 1)
		l.put(pub, s)
		l.complete("news", received)
		l.same("news", sent.total(), received.total())
		l.clean(pub, s.N, 0)
	})
}

// Work goes through a PULL and a PUSH in its order.
func TestThroughStreamer(t *testing.T) {
	t.Parallel()
	between(t, "PULL", "PUSH", "Push → PULL–PUSH → Pull", func(t *testing.T, l *lab, ends []string) {
		s := streamOf("work", 600)
		received := newTally(s, 1)
		pull := l.Spawn(socket.Config{Type: socket.Pull, Connect: ends[1:], Deliver: socket.To(l.into(received))})
		push := l.Spawn(socket.Config{Type: socket.Push, Connect: ends[:1]})
		sent := l.put(push, s)
		l.complete("work", received)
		l.same("work", sent.total(), received.total())
		l.clean(push, s.N, 0)
		l.clean(pull, 0, s.N)
	})
}
