package interop

import (
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// between starts a zmq_proxy, its front on tcp and its back on ipc, and says where they are.
func between(t *testing.T, front, back string) (l *lab, ends []string) {
	l = &lab{Rig: rig.Start(t, zmqthread.Config{})}
	p := run(t, job{Role: "proxy", Types: []string{front, back}, Options: map[string]int{"SNDHWM": 0},
		Bind: []string{l.Endpoint("tcp"), l.Endpoint("ipc")}})
	return l, p.next().At
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
			t.Parallel()
			l, at := between(t, "ROUTER", "DEALER")
			s := streamOf("ask", 1000)
			handled, answered := newTally(s, c.askers), newTally(s, c.askers)
			rep := l.Spawn(socket.Config{Type: socket.Rep, Connect: at[1:], Deliver: socket.To(l.echo(handled, answered))})
			c.client.Connect = at[:1]
			client := l.Spawn(c.client)
			sent, received := l.ask(client, s, c.askers)
			l.same("there", sent.total(), handled.total())
			l.same("back", answered.total(), received.total())
			l.clean(rep, s.N, s.N)
			l.clean(client, s.N, s.N)
		})
	}
}

// A subscription travels from a Sub through an XPUB and an XSUB to a Pub, whose WaitPeers sees it.
func TestThroughForwarder(t *testing.T) {
	t.Parallel()
	l, at := between(t, "XSUB", "XPUB")
	s := streamOf("report", 2000, topics...)
	sent, received := s.part(starts("news."))
	l.Spawn(socket.Config{Type: socket.Sub, Connect: at[1:], Subscribe: []string{"news."}, Deliver: socket.To(l.into(received))})
	pub := l.Spawn(socket.Config{Type: socket.Pub, Connect: at[:1]})
	l.Peers(pub, 1)
	l.put(pub, s)
	l.complete("news", received)
	l.same("news", sent.total(), received.total())
	l.clean(pub, s.N, 0)
}

// Work goes through a PULL and a PUSH in its order.
func TestThroughStreamer(t *testing.T) {
	t.Parallel()
	l, at := between(t, "PULL", "PUSH")
	s := streamOf("work", 2000)
	received := newTally(s, 1)
	pull := l.Spawn(socket.Config{Type: socket.Pull, Connect: at[1:], Deliver: socket.To(l.into(received))})
	push := l.Spawn(socket.Config{Type: socket.Push, Connect: at[:1]})
	sent := l.put(push, s)
	l.complete("work", received)
	l.same("work", sent.total(), received.total())
	l.clean(push, s.N, 0)
	l.clean(pull, 0, s.N)
}
