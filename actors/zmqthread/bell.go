package zmqthread

import (
	"fmt"
	"sync/atomic"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
	"github.com/sockeye-mq/sockeye/messages"
)

// bell is the control socket that wakes the thread out of zmq_poll: an inproc PAIR whose sending
// end may be rung from any goroutine that holds Thread.mu, the full fence that libzmq asks for
// (facts Z6).
type bell struct {
	out     native.Socket // guarded by Thread.mu
	in      native.Socket // Owned by the thread.
	scratch messages.Batch
}

var bells atomic.Int64 // numbers their endpoints

func newBell(ctx native.Context) (_ *bell, err error) {
	at := fmt.Sprintf("inproc://sockeye-bell-%d", bells.Add(1))
	b := &bell{}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if b.in, err = ctx.NewSocket(zmq.PAIR); err != nil {
		return nil, err
	}
	if b.out, err = ctx.NewSocket(zmq.PAIR); err != nil {
		return nil, err
	}
	if err = b.in.Bind(at); err != nil {
		return nil, err
	}
	return b, b.out.Connect(at)
}

var ring = []uint32{0} // one empty frame

// ring never blocks. At most one ring is in flight, so EAGAIN could only mean that the thread has
// plenty of them to wake up from.
func (b *bell) ring() { b.out.Send(nil, ring, 1, 1) }

// hush takes the rings in, all of them, and leaves when ZMQ_EVENTS says that there is none: a ring
// that comes after the last receive would otherwise be processed by that call and stay unread, and
// the descriptor be deaf for ever (facts Z3).
func (b *bell) hush() {
	for {
		for b.in.Recv(&b.scratch, native.Limit{Messages: 16, Bytes: 1, Message: 1}).Errno == 0 {
		}
		if events, err := b.in.Events(); err != nil || events&zmq.POLLIN == 0 {
			return
		}
	}
}

func (b *bell) close() {
	for _, s := range []native.Socket{b.out, b.in} {
		if s != nil {
			s.Close(0)
		}
	}
}
