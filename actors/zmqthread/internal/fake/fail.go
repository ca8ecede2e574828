package fake

import (
	"syscall"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
)

// faults are what calls answer, so many times, instead of doing anything. Guarded by Net.mu.
type faults map[string]*fault

type fault struct {
	errno syscall.Errno
	times int
}

// Fail makes the next calls of this name answer errno, so many times: "socket", "watch" (by the
// poller), "bind", "connect", "unbind", "disconnect", "subscribe", "unsubscribe", "monitor", "send",
// "receive", "events", "close", "poll". The thread's own sockets are spared.
func (n *Net) Fail(call string, errno syscall.Errno, times int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults[call] = &fault{errno, times}
	for s := range n.open {
		s.signal() // whatever waits is to find out
	}
}

// FailOn is Fail for the calls of the socket behind raw alone.
func (n *Net) FailOn(raw *zmq.Socket, call string, errno syscall.Errno, times int) {
	n.with(raw, func(s *socket) {
		if s.faults == nil {
			s.faults = faults{}
		}
		s.faults[call] = &fault{errno, times}
	})
}

// next is what call is to answer, 0 if it is to work. Caller holds Net.mu.
func (f faults) next(call string) syscall.Errno {
	x := f[call]
	if x == nil || x.times == 0 {
		return 0
	}
	x.times--
	return x.errno
}

// repeated is next for a call that the native layer makes again when it was interrupted. Caller
// holds Net.mu.
func (f faults) repeated(call string) syscall.Errno {
	for {
		if errno := f.next(call); errno != syscall.EINTR {
			return errno
		}
	}
}

// failing is what a call of this socket is to answer. Caller holds net.mu.
func (s *socket) failing(call string, next func(faults, string) syscall.Errno) syscall.Errno {
	if s.tame {
		return 0
	}
	if errno := next(s.faults, call); errno != 0 {
		return errno
	}
	return next(s.net.faults, call)
}

// fault is what a call of this name is to answer, or nil: for calls that the native layer repeats.
// Caller holds net.mu.
func (s *socket) fault(call string) error {
	return native.Error(s.failing(call, faults.repeated))
}
