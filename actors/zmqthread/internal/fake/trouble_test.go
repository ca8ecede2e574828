package fake_test

import (
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// trouble is what happens to a thread, and not to one of its sockets; work is what it has to do
// meanwhile.
func (s *stage) trouble(x step, work func()) {
	switch x.verb {
	case crash, end:
		work()
		for range 1 + x.count%3 {
			s.system.Root.Send(pick(s.threads, x.number).PID(), &zmqthread.Crash{Reason: "a crash", Goexit: x.verb == end})
			work()
		}
	case starve:
		what := pick(starved, x.number*len(starved)/6+x.count)
		s.net.Fail(what.call, what.errno, min(x.count, 30))
	}
}

// relieve has everything be there again that there was none of.
func (s *stage) relieve() {
	for _, what := range starved {
		s.net.Fail(what.call, 0, 0)
	}
}

// meet: everybody knows how many peers there are. Without a monitor only those of one thread do.
func (s *stage) meet(when string, all []*actress) {
	for _, a := range all {
		ctx, cancel := ctx()
		n, err := socket.PeerCount(ctx, s.system.Root, a.pid)
		cancel()
		if live := s.net.Peers(a.native()); s.plan.monitor && (err != nil || n != live) {
			s.complain("%s %s counts %d peers and has %d: %v", when, a.pid.Id, n, live, err)
		}
	}
}
