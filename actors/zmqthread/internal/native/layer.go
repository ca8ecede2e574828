package native

// #include "shim.h"
import "C"

import (
	"fmt"
	"sync"

	zmq "github.com/pebbe/zmq4"
)

// Real is libzmq. Plain restricts it to what pebbe/zmq4 exports, Portable to zmq_poll.
type Real struct{ Plain, Portable bool }

type context struct {
	zmq  *zmq.Context
	real Real
}

// keep is half of what glibc keeps of free memory, at the end of each of its heaps.
const keep = 4 << 20

var keepMemory = sync.OnceFunc(func() { C.sk_keep_memory(keep) })

func (r Real) NewContext(ioThreads, maxSockets int) (Context, error) {
	keepMemory()
	if err := Linked().supported(); err != nil {
		return nil, err
	}
	c, err := zmq.NewContext()
	if err != nil {
		return nil, mismatch(err)
	}
	if err := c.SetIoThreads(ioThreads); err != nil {
		return nil, fmt.Errorf("set ZMQ_IO_THREADS %d: %w", ioThreads, Wrap(err))
	}
	if err := c.SetMaxSockets(maxSockets); err != nil {
		return nil, fmt.Errorf("set ZMQ_MAX_SOCKETS %d: %w", maxSockets, Wrap(err))
	}
	return &context{c, r}, nil
}

func (c *context) NewSocket(t zmq.Type) (Socket, error) {
	s, err := c.zmq.NewSocket(t)
	if err != nil {
		return nil, Wrap(err)
	}
	n, err := c.real.wrap(s, t)
	if err != nil {
		s.Close()
	}
	return n, err
}

func (c *context) Term() error {
	defer pinned.reap() // libzmq holds nothing any more
	return Wrap(c.zmq.Term())
}

func (r Real) Adopt(s *zmq.Socket) (Socket, error) {
	t, err := s.GetType()
	if err != nil {
		return nil, Wrap(err)
	}
	return r.wrap(s, t)
}

// wrap prefers the fast socket and falls back to the plain one when pebbe has changed inside.
func (r Real) wrap(s *zmq.Socket, t zmq.Type) (Socket, error) {
	if !r.Plain {
		if f, err := newFast(s, t, r); err == nil {
			if f.selfTest() {
				return f, nil
			}
			f.free()
		}
	}
	return newPlain(s, r)
}

func (r Real) NewPoller() (Poller, error) {
	if r.Portable {
		return newPortable(), nil
	}
	return newPoller()
}
