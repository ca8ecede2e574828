package main

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/bench/internal/measure"
	"github.com/sockeye-mq/sockeye/messages"
)

// goChannel is a plain channel between two goroutines. No message passes it in less.
type goChannel chan []byte

func openChannel() (mover, error) { return make(goChannel, 1024), nil }

func (g goChannel) receive(at string, bound func(string), c *check) error {
	bound(at)
	for c.more() {
		c.see(<-g)
	}
	return c.err
}

func (g goChannel) send(_ string, s series) error {
	for i := range s.count {
		g <- s.fresh(i)
	}
	return nil
}

func (g goChannel) close() error { return nil }

// tells is Proto.Actor alone: the same Root.Send to the receiving actor itself.
type tells struct {
	root *actor.RootContext
	sink *actor.PID
}

func openTell() (mover, error) { return &tells{root: measure.System().Root}, nil }

func (t *tells) receive(at string, bound func(string), c *check) error {
	t.sink = t.root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) { look(ctx.Message(), c) }))
	bound(at)
	return c.wait()
}

func (t *tells) send(_ string, s series) error {
	p := &pace{root: t.root, pid: t.sink, every: outbox / 2}
	for i := range s.count {
		t.root.Send(t.sink, messages.Bytes(s.fresh(i)))
		if err := p.sent(nil, 1); err != nil {
			return err
		}
	}
	return p.flush()
}

func (t *tells) close() error {
	return t.root.StopFuture(t.sink).Wait()
}
