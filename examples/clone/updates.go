package main

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// collected is for KVSET. All servers get it; the passive one keeps it until the active one has
// published it.
func (s *server) collected(c actor.Context, now time.Time, m *messages.Message) {
	u, err := decode(m.Frames)
	if err != nil {
		s.counts.malformed++
		return
	}
	s.standing.wake(now)
	if s.turn(c, now); s.standing.active {
		s.set(c, now, u)
	} else {
		s.pending.add(now, u)
	}
}

// set sets a value and publishes that.
func (s *server) set(c actor.Context, now time.Time, u update) {
	published, err := s.store.set(now, u)
	if err != nil {
		s.counts.refused++
		return
	}
	s.counts.set++
	s.publish(c, published)
}

func (s *server) publish(c actor.Context, u update) { c.Send(s.pub, messages.Bytes(u.frames()...)) }

// heard is for what comes from the peer: KVPUB and HUGZ, or the snapshot.
func (s *server) heard(c actor.Context, now time.Time, m *messages.Message) {
	u, err := decode(m.Frames)
	switch {
	case err != nil:
		s.counts.malformed++
	case c.Sender().Equal(s.dealer):
		s.copy.sync(now, 0, u)
	default:
		s.standing.heard(now)
		s.turn(c, now)
		if s.standing.active {
			return
		}
		s.pending.published(now, u)
		s.copy.published(now, 0, u)
		s.askPeer(c, now)
	}
}
