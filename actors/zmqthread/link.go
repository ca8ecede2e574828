package zmqthread

import (
	"errors"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
	"github.com/sockeye-mq/sockeye/messages"
)

// Link ties a native socket to its owner. Owned by the thread, except Kick.
type Link struct {
	thread    *Thread
	owner     *actor.PID
	port      Port
	open      *Open // the last one that asked for this socket
	socket    native.Socket
	monitor   *monitor
	watched   bool     // the poller knows it
	bound     []string // resolved
	asked     []string // the same as they were asked for
	meets     []meets  // inproc endpoints it is at
	connected []string // as they were asked for
	adopted   bool
	wired     bool // it was ever connected to one that is not inproc
	done      int  // of open's binds, then connects
	bindTries int  // of the bind at hand

	kicked   atomic.Bool // on its way to the thread
	place    place
	serving  bool // opened, and its owner well
	complete bool // all binds and connects are done
	blocked  bool // libzmq said EAGAIN to a send
	reported bool // by the poller, since ZMQ_EVENTS was read last
	drained  bool // the last native call was a receive that said EAGAIN
	hasOut   bool // see the function
	retry    *time.Timer
	overdue  *time.Timer
	cut      *time.Timer
}

type meets struct {
	endpoint string
	bound    bool
}

// Kick tells the thread that there is something to send or room to receive. From any goroutine.
func (l *Link) Kick() {
	if !l.kicked.Swap(true) {
		l.thread.kick(l)
	}
}

// Woke says that the Port has made a goroutine runnable. It matters on the ZeroMQ thread only.
func (l *Link) Woke() { l.thread.woke.Store(true) }

func (l *Link) state() *place { return &l.place }

// serve gives the socket its turn: send, then receive, each within the budget. Before it lets go,
// ZMQ_EVENTS must say that there is nothing left: either call may have taken the wake-up of the
// other off the edge-triggered descriptor (facts Z3), and after EAGAIN it is ZMQ_EVENTS that makes
// libzmq see the room that has appeared (facts Z15).
func (l *Link) serve() (again bool, err error) {
	if !l.serving {
		_, again, err := l.events() // or its descriptor would stay readable, and the thread awake
		return again, err
	}
	defer func() {
		if r := recover(); r != nil {
			again, err = false, &PanicError{r, debug.Stack()}
		}
	}()
	if l.gated() {
		return l.wait()
	}
	more, err := l.send()
	if err != nil {
		return false, err
	}
	if !l.gated() {
		again, err = l.receive()
	}
	if err == nil {
		err = l.port.Trouble()
	}
	if err != nil || more || again {
		return true, err
	}
	return l.rest()
}

// gated reports whether nothing may be sent or received now.
func (l *Link) gated() bool { return l.open.Gate != nil && !l.open.Gate() }

// wait is for the gate: nobody tells when it opens.
func (l *Link) wait() (again bool, err error) {
	if err := l.port.Trouble(); err != nil {
		return true, err
	}
	_, again, err = l.events() // or its descriptor would stay readable, and the thread awake
	l.thread.poller.Want(l.socket, 0)
	l.retryLater()
	return again, err
}

// rest reports whether there is something to do after all, and tells the poller what to wait for.
//
// It can do without ZMQ_EVENTS, a system call, where no wake-up can have been lost. A receive that
// says EAGAIN has processed every command first: what comes later makes the descriptor readable. And a
// socket with nothing to receive into waits for a kick; if its descriptor is readable all the same, the
// poller says so, and then ZMQ_EVENTS is read.
func (l *Link) rest() (again bool, err error) {
	if l.thread.spinner != nil && !l.blocked && (l.drained || !l.reported && l.port.Room() <= 0) {
		l.reported = false
		return false, nil
	}
	events, again, err := l.events()
	if err != nil || again {
		return again, err
	}
	var want zmq.State
	if l.port.Room() > 0 {
		want |= zmq.POLLIN
	}
	if l.blocked && l.hasOut {
		want |= zmq.POLLOUT
	} else if l.blocked {
		l.retryLater()
	}
	l.thread.poller.Want(l.socket, want)
	return events&want != 0, nil
}

// events reads ZMQ_EVENTS; again: a signal came in between (facts Z4).
func (l *Link) events() (events zmq.State, again bool, err error) {
	l.reported = false
	events, err = l.socket.Events()
	if err == syscall.EINTR {
		return 0, true, nil
	}
	return events, false, op("read events", "", err)
}

// retryPause is how long a blocked socket waits whose POLLOUT says nothing.
const retryPause = 2 * time.Millisecond

// retryLater has the socket served again in a moment. A ROUTER, XPUB or STREAM says POLLOUT as long
// as it has any peer, so for a full one there is nothing to wait for but the descriptor, whose edge
// another call may have eaten.
func (l *Link) retryLater() {
	if l.retry == nil {
		l.retry = time.AfterFunc(retryPause, l.Kick)
	} else {
		l.retry.Reset(retryPause)
	}
}

// hasOut reports whether POLLOUT means that the next message can be sent.
func hasOut(t zmq.Type) bool {
	return t != zmq.ROUTER && t != zmq.XPUB && t != zmq.PUB && t != zmq.STREAM
}

func (l *Link) send() (again bool, err error) {
	cfg := &l.thread.cfg
	l.blocked = false
	defer l.port.Rest()
	for budget, bytes := cfg.TurnMessages, cfg.TurnBytes; budget > 0 && bytes > 0; {
		if l.gated() {
			return true, nil // to wait
		}
		load := l.port.Outgoing()
		if load.Most == 0 {
			l.blocked = l.blocked || load.Later
			return false, nil
		}
		s := l.sendLoad(load, budget, bytes)
		budget -= s.Messages
		bytes -= int64(s.Bytes)
		if s.Messages > 0 {
			l.thread.spin.moved += s.Messages + s.Bytes>>12
			l.port.Sent(s.Messages, s.Frames, s.Bytes)
		}
		switch {
		case s.Errno == 0:
		case s.Errno == syscall.EINTR:
			budget--
		case s.Errno == syscall.EAGAIN && l.port.Full():
			l.blocked = true // and there is one message less to be tried in this turn, so this has an end
		case s.Errno == syscall.EAGAIN:
			l.blocked = true
			return false, nil
		case ofTheMessage(s.Errno):
			budget--
			l.port.Unsendable(native.Error(s.Errno))
		default:
			return false, op("send", "", native.Error(s.Errno))
		}
	}
	return true, nil
}

func (l *Link) sendLoad(load Load, budget int, bytes int64) native.Sent {
	if load.Frames != nil {
		return l.socket.SendFrames(load.Frames)
	}
	return l.socket.Send(load.Data, load.Lens, min(load.Most, budget), bytes)
}

// ofTheMessage reports whether an errno of a send is about this one message and not the socket:
// a ROUTER has no such peer, a STREAM or XSUB cannot send such frames.
func ofTheMessage(n syscall.Errno) bool {
	return n == syscall.EHOSTUNREACH || n == syscall.EINVAL || n == syscall.EMSGSIZE
}

func (l *Link) receive() (again bool, err error) {
	l.drained = false
	room := min(l.port.Room(), l.thread.cfg.TurnMessages)
	if room <= 0 {
		return false, nil // not read: its high-water mark fills, and the far side feels it
	}
	t := &l.thread.table
	b := t.scratch
	got := l.socket.Recv(b, t.limit(room, l.open.MaxMessage))
	l.thread.spin.moved += int(b.Count) + len(b.Data)>>12
	if got.Skipped > 0 {
		l.port.Skipped(got.Skipped)
	}
	if b.Count > 0 && l.port.Received(b) || cap(b.Data) > keepScratch {
		t.scratch = messages.NewBatch()
	}
	if got.Large != nil {
		l.port.ReceivedLarge(got.Large)
	}
	switch got.Errno {
	case 0, syscall.EINTR:
		return true, nil
	case syscall.EAGAIN:
		l.drained = true
		return false, nil
	case syscall.Errno(zmq.EFSM):
		return false, nil // not this socket's turn to receive
	}
	return false, op("receive", "", native.Error(got.Errno))
}

const (
	keepScratch  = 1 << 20  // bytes; a larger buffer is not kept for the next message
	copyReceived = 64 << 10 // bytes; a larger message is not copied on the thread
)

// own reports whether err means that the native socket itself is broken. After anything else the
// owner gets it back.
func own(err error) bool {
	var p *PanicError
	return !errors.As(err, &p)
}
