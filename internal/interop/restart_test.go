package interop

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// again kills p, waits until our socket has noticed, and starts another peer in the place of p. Where they
// bind the test sends while nobody is there: the queue of a connection that we make outlives the peer. Where
// we bind it sends when the next peer is there: libzmq tells of a lost connection a moment before it gives up
// the queue of that, and what is put into it then is lost.
func (l *lab) again(p *process, j job, to *actor.PID, events *rig.Collector, send func()) *process {
	l.T.Helper()
	p.Kill()
	rig.Await[*socket.Disconnected](events)
	if l.theyBind {
		send()
		return l.host(j, 1)
	}
	p = l.guest(j, 1, to)
	rig.Await[*socket.HandshakeSucceeded](events)
	send()
	return p
}

// What a Push gets when its PULL is gone goes to the next one.
func TestPullRestarts(t *testing.T) {
	everywhere(t, "Push → PULL, which restarts", everyTransport, func(t *testing.T, l *lab) {
		before, after := streamOf("before", 100), streamOf("after", 100)
		events := l.Collector()
		p, push := l.meet(job{Role: "sink", Types: []string{"PULL"}, Stream: before}, 1,
			socket.Config{Type: socket.Push, Events: events.PID})
		sent := l.put(push, before)
		l.same("before", sent.total(), p.next().Received)
		sending := make(chan *tally, 1)
		p = l.again(p, job{Role: "sink", Types: []string{"PULL"}, Stream: after}, push, events, func() {
			go func() { sending <- l.put(push, after) }()
		})
		l.same("after", await(l, sending).total(), p.next().Received)
		l.clean(push, before.N+after.N, 0)
	})
}

// Who asks a Req whose REP is gone is answered by the next one.
func TestRepRestarts(t *testing.T) {
	everywhere(t, "Req ⇄ REP, which restarts", everyTransport, func(t *testing.T, l *lab) {
		serve := job{Role: "server", Types: []string{"REP"}, Lanes: 1, Stream: streamOf("before", 50).withoutEmpty()}
		events := l.Collector()
		p, req := l.meet(serve, 1, socket.Config{Type: socket.Req, Events: events.PID})
		sent, _ := l.ask(req, serve.Stream, 1)
		l.same("before", sent.total(), p.next().Received)
		serve.Stream.Name = "after"
		asking := make(chan *tally, 1)
		p = l.again(p, serve, req, events, func() {
			go func() {
				sent, _ := l.ask(req, serve.Stream, 1)
				asking <- sent
			}()
		})
		l.same("after", await(l, asking).total(), p.next().Received)
		l.clean(req, 100, 100)
	})
}

// A Sub subscribes anew when its PUB comes back.
func TestPubRestarts(t *testing.T) {
	everywhere(t, "Sub ← PUB, which restarts", everyTransport, func(t *testing.T, l *lab) {
		publish := job{Role: "publisher", Types: []string{"PUB"}, Options: map[string]int{"SNDHWM": 0},
			Stream: streamOf("before", 100, topics...)}
		events, syncs, news := l.Collector(), l.Collector(), l.Collector()
		p, sub := l.meet(publish, 1, socket.Config{Type: socket.Sub, Subscribe: []string{"news.", "~sync"}, Events: events.PID,
			Deliver: socket.ByTopic(map[string]*actor.PID{"~sync": syncs.PID, "news.": news.PID})})
		hear := func(s stream) {
			for string(syncs.Message().Frames[1]) != s.Name {
			}
			p.Tell("go on")
			sent, received := s.part(starts("news."))
			for _, m := range news.Messages(received.due) {
				received.add(m.Frames)
			}
			l.same(s.Name, sent.total(), received.total())
		}
		hear(publish.Stream)
		publish.Stream.Name = "after"
		p = l.again(p, publish, sub, events, func() {})
		hear(publish.Stream)
		news.Empty()
	})
}
