package main

import (
	"context"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// asked is for ICANHAZ. A passive server does not answer: its clients will ask the other one.
func (s *server) asked(c actor.Context, now time.Time, m *messages.Message) {
	subtree, err := decodeRequest(m.Frames[1:])
	if err != nil {
		s.counts.malformed++
		return
	}
	asked := s.standing.asked(now)
	if s.turn(c, now); !asked {
		s.counts.unserved++
		return
	}
	select {
	case s.sending <- struct{}{}:
		s.counts.snapshots++
		go s.send(c.ActorSystem().Root, m.Frames[0], s.store.snapshot(now, subtree))
	default: // it has to ask again
		s.counts.unserved++
	}
}

// send sends a snapshot, as fast as the client takes it. It ends with the socket.
func (s *server) send(root *actor.RootContext, to []byte, all []update) {
	defer func() { <-s.sending }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for some := range slices.Chunk(all, 256) {
		b := messages.NewBatch()
		for _, u := range some {
			b.Append(append([][]byte{to}, u.frames()...)...)
		}
		if messages.Put(ctx, root, s.router, b) != nil {
			return // it has gone, or takes nothing
		}
	}
}
