package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// stream is a PUSH and a PULL on one thread, connected over tcp, with large messages between them:
// always the same one, of which so many are under way at once.
type stream struct {
	root       *actor.RootContext
	push, pull *actor.PID
	message    *messages.Message
	under      int           // how many may be under way
	slots      chan struct{} // one for each that is
	arrived    atomic.Int64
}

// newStream opens a stream. At most two messages are under way, or 64 MiB if that is more: enough to
// keep the connection busy, and libzmq's high-water marks count messages, not bytes.
func newStream(ctx context.Context, thread *zmqthread.Thread, size int, options socket.Options) (*stream, error) {
	s := &stream{root: thread.System().Root, message: messages.Bytes(make([]byte, size)), under: max(2, 64<<20/size)}
	s.slots = make(chan struct{}, s.under)
	receiver := s.root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*messages.Message); ok {
			s.arrived.Add(1)
			<-s.slots
		}
	}))
	s.pull = s.root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(receiver), Options: options}))
	at, err := socket.Endpoints(ctx, s.root, s.pull)
	if err != nil {
		return nil, err
	}
	s.push = s.root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: at, Options: options}))
	return s, nil
}

// run streams until the channel is closed and everything has arrived.
func (s *stream) run(ctx context.Context, until <-chan struct{}) error {
	for {
		select {
		case <-until:
			return s.drain(ctx)
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := messages.Put(ctx, s.root, s.push, s.message); err != nil {
			return err
		}
	}
}

func (s *stream) drain(ctx context.Context) error {
	for range s.under {
		select {
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return errors.New("the stream does not arrive")
		}
	}
	for range s.under {
		<-s.slots
	}
	return nil
}

// arrive waits until n messages have arrived since it was opened.
func (s *stream) arrive(ctx context.Context, n int64) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for s.arrived.Load() < n {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
