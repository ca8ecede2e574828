package zmqthread

import (
	"testing"

	zmq "github.com/pebbe/zmq4"
	"golang.org/x/sys/unix"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
)

// late is a socket before whose next Events something happens.
type late struct {
	native.Socket
	before func()
}

func (l *late) Events() (zmq.State, error) {
	if f := l.before; f != nil {
		l.before = nil
		f()
	}
	return l.Socket.Events()
}

// A ring that comes between hush's last receive and its look at ZMQ_EVENTS does not make the bell
// deaf: the next one is heard.
func TestBellHearsAfterALateRing(t *testing.T) {
	ctx, err := native.Real{}.NewContext(1, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer ctx.Term()
	b, err := newBell(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	b.hush()
	b.in = &late{b.in, b.ring}
	b.ring()
	b.hush()
	b.ring()
	fds := []unix.PollFd{{Fd: int32(b.in.FD()), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, 2000); n != 1 {
		t.Fatal("the bell is deaf", n, err)
	}
}
