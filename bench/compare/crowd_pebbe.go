package main

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	zmq "github.com/pebbe/zmq4"
)

// pebbeCrowd is the raw binding: all sockets on one thread, and its Poller over all that receive.
type pebbeCrowd struct {
	*pattern
	ctx        *zmq.Context
	poller     *zmq.Poller
	all        []*zmq.Socket
	push, pull []*zmq.Socket
	swept      *swept
	buf        []byte
}

func newPebbeCrowd(p *pattern) (crowd, error) {
	runtime.LockOSThread()
	ctx, err := zmq.NewContext()
	if err != nil {
		return nil, err
	}
	c := &pebbeCrowd{pattern: p, ctx: ctx, poller: zmq.NewPoller(), buf: make([]byte, p.size)}
	return c, ctx.SetMaxSockets(1 << 14)
}

func (c *pebbeCrowd) open(t zmq.Type) (*zmq.Socket, error) {
	s, err := c.ctx.NewSocket(t)
	if err != nil {
		return nil, err
	}
	c.all = append(c.all, s)
	return s, errors.Join(s.SetLinger(0), s.SetBacklog(8192))
}

func (c *pebbeCrowd) addIdle(n int) error {
	for i := range n {
		s, err := c.open(zmq.PULL)
		if err != nil {
			return err
		}
		if err := s.Bind(fmt.Sprintf("inproc://idle-%d", i)); err != nil {
			return err
		}
		c.poller.Add(s, zmq.POLLIN)
	}
	return nil
}

func (c *pebbeCrowd) addPairs(n int, transport string) error {
	for i := range n {
		pull, err := c.open(zmq.PULL)
		if err != nil {
			return err
		}
		if err := pull.Bind(wildcard(transport, i)); err != nil {
			return err
		}
		at, err := pull.GetLastEndpoint()
		if err != nil {
			return err
		}
		push, err := c.open(zmq.PUSH)
		if err != nil {
			return err
		}
		if err := push.Connect(at); err != nil {
			return err
		}
		c.poller.Add(pull, zmq.POLLIN)
		c.push, c.pull = append(c.push, push), append(c.pull, pull)
	}
	c.swept = newSwept(c.pattern, n)
	return nil
}

func wildcard(transport string, i int) string {
	if transport == "tcp" {
		return "tcp://127.0.0.1:*"
	}
	return fmt.Sprintf("inproc://pair-%d", i)
}

func (c *pebbeCrowd) pass(pair int, i uint64) error {
	if _, err := c.push[pair].SendBytes(c.message(i, c.buf), 0); err != nil {
		return err
	}
	c.swept.left = 1
	return c.receive()
}

func (c *pebbeCrowd) stream(pair int, first, n uint64) error {
	for i := range n {
		if err := c.pass(pair, first+i); err != nil {
			return err
		}
	}
	return nil
}

func (c *pebbeCrowd) passAll(first uint64) error {
	for pair := range c.push {
		if _, err := c.push[pair].SendBytes(c.message(first+uint64(pair), c.buf), 0); err != nil {
			return err
		}
	}
	c.swept.left = len(c.push)
	return c.receive()
}

// receive polls and receives until nothing is left of the sweep.
func (c *pebbeCrowd) receive() error {
	for c.swept.left > 0 {
		ready, err := c.poller.Poll(10 * time.Second)
		if err != nil {
			return err
		}
		if len(ready) == 0 {
			return fmt.Errorf("%d messages have not come", c.swept.left)
		}
		for _, r := range ready {
			m, err := r.Socket.RecvBytes(zmq.DONTWAIT)
			if err != nil {
				return err
			}
			if err := c.swept.see(m); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *pebbeCrowd) close() error {
	for _, s := range c.all {
		if err := s.Close(); err != nil {
			return err
		}
	}
	return c.ctx.Term()
}

// polledCrowd polls for each message of a sweep.
type polledCrowd struct{ *pebbeCrowd }

func (c *polledCrowd) passAll(first uint64) error {
	for pair := range c.push {
		if err := c.pass(pair, first+uint64(pair)); err != nil {
			return err
		}
	}
	return nil
}
