package interop

import (
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// Two PULLs share what a Push has. Each share is in order.
func TestPush(t *testing.T) {
	everywhere(t, "Push → PULL", everyMechanism, func(t *testing.T, l *lab) {
		s := streamOf("work", 600)
		p, push := l.meet(job{Role: "sink", Types: []string{"PULL"}, Stream: s}, 2, socket.Config{Type: socket.Push})
		l.Peers(push, 2)
		sent := l.put(push, s)
		got := p.next()
		l.same("there", sent.total(), got.Received)
		for i, share := range got.Shares {
			if share.Count == 0 {
				t.Errorf("PULL %d got nothing", i)
			}
		}
		l.clean(push, s.N, 0)
	})
}

// Three PUSHes send to one Pull, in batches and one by one.
func TestPull(t *testing.T) {
	everywhere(t, "Pull ← PUSH", everyMechanism, func(t *testing.T, l *lab) {
		s := streamOf("work", 600)
		received := newTally(s, 3)
		cfg := socket.Config{Type: socket.Pull, Deliver: socket.To(l.into(received))}
		if l.theyBind {
			cfg.Batch = 100
		}
		p, pull := l.meet(job{Role: "source", Types: []string{"PUSH"}, Stream: s}, 3, cfg)
		l.complete("here", received)
		l.same("here", p.next().Sent, received.total())
		l.clean(pull, 0, s.N)
	})
}
