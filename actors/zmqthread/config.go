package zmqthread

import (
	"fmt"
	"time"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
)

// Config of a Thread. The zero value is good.
type Config struct {
	// Name is the id of the poll actor's PID and the thread's name in errors.
	// Default: "zmq" and a number.
	Name string

	// IOThreads is ZMQ_IO_THREADS of the context. ZeroMQ's rule is one for each gigabyte per
	// second. Default 1. Not with Share.
	IOThreads int

	// MaxSockets is ZMQ_MAX_SOCKETS of the context. A socket with its monitor counts as three.
	// Default 65,535. Not with Share.
	MaxSockets int

	// Share makes this thread use another one's ZeroMQ context, so that their sockets reach one
	// another over inproc. The context is terminated when the last of them has been shut down.
	Share *Thread

	// TurnMessages and TurnBytes are what one socket may send, and receive, before the others
	// get their turn. Defaults 1,024 and 1 MiB; one message may always pass.
	TurnMessages int
	TurnBytes    int64

	// Portable makes the thread call zmq_poll over all of its sockets, which costs more the more
	// sockets there are. Default: one epoll set where the system has it, zmq_poll elsewhere.
	Portable bool

	// Spin is how long the thread looks for work before it goes to sleep, if the last few times it
	// would have found some: between the messages of a busy socket, and for the answer to a request. It
	// gives way to whoever else wants the processor. At most half of the machine's processors spin, so
	// on one nobody does. Default 200 µs; < 0: never.
	Spin time.Duration

	// Native replaces libzmq. For tests of this module.
	Native native.Layer

	affinity uint64 // ZMQ_AFFINITY of the sockets that do not set their own; 0: libzmq's choice
}

func (c Config) withDefaults() (Config, error) {
	for _, f := range []struct {
		name string
		v    int64
	}{{"IOThreads", int64(c.IOThreads)}, {"MaxSockets", int64(c.MaxSockets)},
		{"TurnMessages", int64(c.TurnMessages)}, {"TurnBytes", c.TurnBytes}} {
		if f.v < 0 {
			return c, fmt.Errorf("zmqthread config: %s = %d: %w", f.name, f.v, ErrConfig)
		}
	}
	if c.Share != nil && (c.IOThreads > 0 || c.MaxSockets > 0) {
		return c, fmt.Errorf("zmqthread config: IOThreads and MaxSockets are the shared context's: %w", ErrConfig)
	}
	def(&c.IOThreads, 1)
	def(&c.MaxSockets, 65535)
	def(&c.TurnMessages, 1024)
	def(&c.TurnBytes, 1<<20)
	def(&c.Spin, defaultSpin)
	if c.Native == nil {
		c.Native = native.Real{Portable: c.Portable}
	}
	return c, nil
}

func def[N int | int64 | time.Duration](v *N, d N) {
	if *v == 0 {
		*v = d
	}
}
