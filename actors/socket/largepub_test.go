package socket

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// subscription is a large one. libzmq's own SUB cannot have it: it runs out of stack when it is closed.
type subscription struct {
	glimpse *messages.Batch
	freed   chan struct{}
}

func (s *subscription) Size() int                { return 1 << 20 }
func (s *subscription) Glimpse() *messages.Batch { return s.glimpse }
func (s *subscription) Batch() *messages.Batch   { panic("PUB wants to read all of it") }
func (s *subscription) Free()                    { close(s.freed) }

// A subscription may be large: PUB counts it, and does not keep it. What is none is not counted.
func TestLargeSubscription(t *testing.T) {
	b := newBox(actor.NewActorSystem(), nil, Config{Type: Pub})
	for i, c := range []struct {
		glimpse *messages.Batch
		topics  int
	}{
		{&messages.Batch{Data: []byte{1}, Lens: []uint32{1}, Count: 1}, 1},
		{&messages.Batch{Data: []byte{1}, Lens: []uint32{1 | messages.More}, Count: 1}, 1},
		{&messages.Batch{Data: []byte{7}, Lens: []uint32{1}, Count: 1}, 1},
		{&messages.Batch{Data: []byte{0}, Lens: []uint32{1}, Count: 1}, 0},
	} {
		s := &subscription{c.glimpse, make(chan struct{})}
		b.ReceivedLarge(s)
		<-s.freed
		if b.peers.topics != c.topics {
			t.Errorf("after %d: %d topics, want %d", i, b.peers.topics, c.topics)
		}
	}
}
