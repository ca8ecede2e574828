package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// sockeyeCrowd is this library: all sockets on one ZeroMQ thread, and one actor that everything is
// delivered to. A turn is one message, so that a stream, too, is send-poll-receive.
type sockeyeCrowd struct {
	*sockeye
	*pattern
	noMonitor     bool
	sink          *actor.PID
	swept         *swept // guarded by the order of things: set before a message is sent, read when it has come
	pushes, pulls []*actor.PID
	came          chan error
	passed        uint64 // through each pair
}

func newSockeyeCrowd(p *pattern, noMonitor bool) (crowd, error) {
	o, err := startSockeye(oneByOne, zmqthread.Config{TurnMessages: 1})
	if err != nil {
		return nil, err
	}
	c := &sockeyeCrowd{sockeye: o, pattern: p, noMonitor: noMonitor, came: make(chan error, 1)}
	c.sink = o.root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if m, ok := ctx.Message().(*messages.Message); ok {
			if err := c.swept.see(m.Frames[0]); err != nil || c.swept.left == 0 {
				c.came <- err
			}
		}
	}))
	return c, nil
}

func (c *sockeyeCrowd) spawn(cfg socket.Config) *actor.PID {
	cfg.NoMonitor = c.noMonitor
	if cfg.Type == socket.Pull {
		cfg.Deliver = socket.To(c.sink)
	}
	return c.open(cfg)
}

// ends waits until a socket is open.
func (c *sockeyeCrowd) ends(pid *actor.PID) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return socket.Endpoints(ctx, c.root, pid)
}

func (c *sockeyeCrowd) addIdle(n int) error {
	var all []*actor.PID
	for i := range n {
		all = append(all, c.spawn(socket.Config{Type: socket.Pull, Bind: []string{fmt.Sprintf("inproc://idle-%d", i)}}))
	}
	for _, pid := range all {
		if _, err := c.ends(pid); err != nil {
			return err
		}
	}
	return nil
}

func (c *sockeyeCrowd) addPairs(n int, transport string) error {
	for i := range n {
		pull := c.spawn(socket.Config{Type: socket.Pull, Bind: []string{wildcard(transport, i)}})
		at, err := c.ends(pull)
		if err != nil {
			return err
		}
		push := c.spawn(socket.Config{Type: socket.Push, Connect: at})
		c.pushes, c.pulls = append(c.pushes, push), append(c.pulls, pull)
	}
	c.swept = newSwept(c.pattern, n)
	return nil
}

func (c *sockeyeCrowd) pass(pair int, i uint64) error {
	c.swept.left = 1
	c.root.Send(c.pushes[pair], messages.Bytes(c.fresh(i)))
	c.passed++
	return c.wait()
}

func (c *sockeyeCrowd) stream(pair int, first, n uint64) error {
	c.swept.left = int(n)
	c.passed += n
	p := &pace{root: c.root, pid: c.pushes[pair], every: outbox / 2}
	for i := range n {
		c.root.Send(c.pushes[pair], messages.Bytes(c.fresh(first+i)))
		if err := p.sent(nil, 1); err != nil {
			return err
		}
	}
	return c.wait()
}

func (c *sockeyeCrowd) passAll(first uint64) error {
	c.swept.left = len(c.pushes)
	for pair, pid := range c.pushes {
		c.root.Send(pid, messages.Bytes(c.fresh(first+uint64(pair))))
	}
	c.passed++
	return c.wait()
}

func (c *sockeyeCrowd) wait() error {
	select {
	case err := <-c.came:
		return err
	case <-time.After(patience):
		return errors.New("a message has not come")
	}
}

func (c *sockeyeCrowd) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for i := range c.pushes {
		if err := errors.Join(passed(ctx, c.root, c.pushes[i], socket.Ledger{Accepted: c.passed, Taken: c.passed}),
			passed(ctx, c.root, c.pulls[i], socket.Ledger{Received: c.passed, Delivered: c.passed})); err != nil {
			return err
		}
	}
	return c.thread.Shutdown(ctx)
}
