package main

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// sink is the actor that cannot keep up. It checks that message 0, 1, 2, … comes, each once and in
// this order, and nothing behind the end marker.
type sink struct {
	work  func()
	first chan struct{} // closed when the first message is there
	ended chan struct{} // closed when the end marker was processed

	processed atomic.Int64

	// Owned by the actor until ended is closed.
	spent time.Duration
	wrong string
}

func newSink(busy bool) *sink {
	s := &sink{work: idle, first: make(chan struct{}), ended: make(chan struct{})}
	if busy {
		s.work = burn
	}
	return s
}

// idle takes 1 ms and no CPU: the actor waits for something else.
func idle() { time.Sleep(time.Millisecond) }

// burn takes 1 ms of a core.
func burn() {
	for begin := time.Now(); time.Since(begin) < time.Millisecond; {
	}
}

// Receive implements actor.Actor.
func (s *sink) Receive(c actor.Context) {
	m, ok := c.Message().(*messages.Message)
	if !ok {
		return
	}
	n := s.processed.Load()
	if n == 0 {
		close(s.first)
	}
	begin := time.Now()
	s.work()
	s.spent += time.Since(begin)
	number, end := binary.BigEndian.Uint64(m.Frames[0]), m.Frames[0][8] == 1
	if s.wrong == "" && number != uint64(n) {
		s.wrong = fmt.Sprintf("message %d came where %d should have", number, n)
	}
	s.processed.Add(1)
	if end {
		close(s.ended) // a message behind it would close it again, and panic
	}
}
