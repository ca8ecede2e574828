package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/bench/internal/measure"
	"github.com/sockeye-mq/sockeye/messages"
)

// way is how messages are handed to the library and taken from it.
type way int

const (
	oneByOne  way = iota // *messages.Message
	inBatches            // *messages.Batch
)

const (
	outbox        = 4096               // socket.Config.Outbox.Messages, the default
	outboxBytes   = 16 << 20           // and Bytes
	batchMessages = 256                // a sender's batch has so many messages,
	batchBytes    = messages.RoomBytes // or so many bytes, whichever comes first
	batchMost     = 1024               // a receiver's
)

// sockeye is this library: an ordinary goroutine that sends to the PID of a PUSH, and an actor that
// a PULL delivers to. In one process both are on the same ZeroMQ thread.
type sockeye struct {
	way        way
	coalesce   bool
	thread     *zmqthread.Thread
	root       *actor.RootContext
	push, pull *actor.PID
	sent, seen uint64 // what the ledgers must say
}

func openSockeye(how way, together bool) (*sockeye, error) {
	o, err := startSockeye(how, zmqthread.Config{})
	if err == nil {
		o.coalesce = together
	}
	return o, err
}

func startSockeye(how way, cfg zmqthread.Config) (*sockeye, error) {
	thread, err := zmqthread.Start(measure.System(), cfg)
	if err != nil {
		return nil, err
	}
	return &sockeye{way: how, thread: thread, root: thread.System().Root}, nil
}

func (o *sockeye) open(cfg socket.Config) *actor.PID {
	cfg.Coalesce = o.coalesce
	return o.root.Spawn(socket.Props(o.thread, cfg))
}

func (o *sockeye) receive(at string, bound func(string), c *check) error {
	sink := o.root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) { look(ctx.Message(), c) }))
	cfg := socket.Config{Type: socket.Pull, Bind: []string{at}, Deliver: socket.To(sink)}
	if o.way == inBatches {
		cfg.Batch = batchMost
	}
	o.pull = o.open(cfg)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ends, err := socket.Endpoints(ctx, o.root, o.pull)
	if err != nil {
		return err
	}
	o.seen = c.count
	bound(ends[0])
	return c.wait()
}

// look is the receiving actor.
func look(m any, c *check) {
	switch m := m.(type) {
	case *messages.Message:
		c.see(m.Frames[0])
	case *messages.Batch:
		for frame := range m.Frames() {
			c.see(frame)
		}
		m.Release()
	}
}

func (o *sockeye) send(at string, s series) error {
	o.push, o.sent = o.open(socket.Config{Type: socket.Push, Connect: []string{at}}), s.count
	p := &pace{root: o.root, pid: o.push, every: min(outbox, outboxBytes/s.size) / 2}
	err := o.each(s, func(m any, n int) error {
		o.root.Send(o.push, m)
		return p.sent(m, n)
	})
	return errors.Join(err, p.flush())
}

// each hands the series to give, as the sender would send it.
func (o *sockeye) each(s series, give func(m any, n int) error) error {
	if o.way == oneByOne {
		for i := range s.count {
			if err := give(messages.Bytes(s.fresh(i)), 1); err != nil {
				return err
			}
		}
		return nil
	}
	buf := make([]byte, s.size)
	most := min(batchMessages, batchBytes/s.size)
	b := messages.NewBatch()
	for i := range s.count {
		b.Append(s.message(i, buf)) // copies it
		if int(b.Count) == most || i == s.count-1 {
			if err := give(b, int(b.Count)); err != nil {
				return err
			}
			b = messages.NewBatch()
		}
	}
	return nil
}

// close checks the ledgers, too: all was accepted and taken, all was received and delivered, and
// nothing else.
func (o *sockeye) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var wrong []error
	if o.push != nil {
		wrong = append(wrong, passed(ctx, o.root, o.push, socket.Ledger{Accepted: o.sent, Taken: o.sent}))
	}
	if o.pull != nil {
		wrong = append(wrong, passed(ctx, o.root, o.pull, socket.Ledger{Received: o.seen, Delivered: o.seen}))
	}
	return errors.Join(append(wrong, o.thread.Shutdown(ctx))...)
}

// passed compares a ledger to what it should be.
func passed(ctx context.Context, root *actor.RootContext, pid *actor.PID, want socket.Ledger) error {
	l, err := measure.Balanced(ctx, root, pid)
	if err != nil {
		return err
	}
	if l.Accepted != want.Accepted || l.Taken != want.Taken || l.Rejected > 0 ||
		l.Received != want.Received || l.Delivered != want.Delivered || l.Skipped > 0 {
		return fmt.Errorf("the ledger of %s is %+v", pid.Id, l)
	}
	return nil
}
