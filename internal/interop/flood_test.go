package interop

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// flooder sends numbered messages of 1 KiB as fast as it can until it is told to stop, and then an
// end marker. It says when ZeroMQ has taken nothing for a moment, and how much it has sent. The
// number it stops at by itself keeps the memory within bounds when nothing holds it back.
const flooder = `
import json, signal, struct, sys, threading, zmq

endpoint, hwm, buffer = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
signal.alarm(60)  # nothing here lives longer, whatever happens to the test
told = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), told.set()), daemon=True).start()

context = zmq.Context()
push = context.socket(zmq.PUSH)
push.sndhwm, push.sndbuf, push.linger = hwm, buffer, -1
push.connect(endpoint)
head, fill = struct.Struct(">QB"), bytes(1024 - 9)
sent = blocked = 0
stuck = False
while not told.is_set() and sent < 300_000:
    message = head.pack(sent, 0) + fill
    try:
        push.send(message, zmq.NOBLOCK)
    except zmq.Again:
        blocked += 1
        if not stuck and not push.poll(200, zmq.POLLOUT):
            stuck = True
            print(json.dumps({"sent": sent, "blocked": blocked}), flush=True)
        push.send(message)
    sent += 1
print(json.dumps({"sent": sent, "blocked": blocked}), flush=True)
push.send(head.pack(sent, 1) + fill)
push.close()
context.term()
`

const (
	floodHWM    = 100
	floodBuffer = 64 << 10 // bytes; the kernel takes twice as much
	floodWindow = 256
	floodLength = 2000 // what the actor processes before the sender is told to stop
)

// A sender that is faster than its receiver is held back by ZeroMQ itself: what it has sent and nobody
// has processed is bounded by the high-water marks, the kernel's buffers and the window. The memory of
// our process does not grow, the other sockets of the thread go on, and nothing is lost.
//
// It runs beside no other test, whose memory this would be, too.
func TestFlood(t *testing.T) {
	cell(t, pyzmq, "Pull ← PUSH, a flood", "tcp", "we bind")
	l := &lab{Rig: rig.Start(t, zmqthread.Config{})}
	defer l.explain()
	s := &slow{gate: make(chan struct{}), enough: make(chan struct{}), ended: make(chan int, 1)}
	open := sync.OnceFunc(func() { close(s.gate) })
	t.Cleanup(open) // before the Rig's
	pull := l.Spawn(socket.Config{
		Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(l.actor(s.receive)),
		Window: floodWindow, Options: socket.Options{RecvHWM: floodHWM, RecvBuffer: floodBuffer}})
	l.sockets = append(l.sockets, pull)
	rep := l.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(l.Echo())})
	req := l.Spawn(socket.Config{Type: socket.Req, Connect: l.At(rep)})

	p := pyzmq.start(t, peer.Python(t, "zmq"), "-c", flooder, l.At(pull)[0], fmt.Sprint(floodHWM), fmt.Sprint(floodBuffer))
	var at, end progress
	p.line(&at)
	const most = 2*floodHWM + floodWindow + 2*4*floodBuffer/1024 // twice what the buffers hold
	if at.Sent <= floodWindow || at.Sent > most {
		t.Errorf("%d messages sent and none processed, want more than %d and at most %d", at.Sent, floodWindow, most)
	}
	l.Ask(req, messages.Text("still there?"))
	open()
	await(l, s.enough)
	p.Tell("enough")
	p.line(&end)
	if n := await(l, s.ended); n != end.Sent || s.wrong != "" {
		t.Errorf("%d messages sent, %d in order: %s", end.Sent, n, s.wrong)
	}
	if end.Blocked == 0 {
		t.Error("ZeroMQ never said EAGAIN to the sender")
	}
	if grown := s.most - s.first; grown > 32<<20 {
		t.Errorf("resident memory grew by %d bytes, from %d", grown, s.first)
	}
	l.clean(pull, 0, end.Sent+1)
}

// slow takes 1 ms for a message, once its gate is open.
type slow struct {
	gate   chan struct{}
	enough chan struct{} // closed after floodLength messages
	ended  chan int      // gets the number of messages before the end marker

	// Owned by the actor until ended.
	count       int
	wrong       string
	first, most int64 // resident memory: after a fourth, and the most after that
}

func (s *slow) receive(_ actor.Context, m *messages.Message) {
	<-s.gate
	<-time.After(time.Millisecond) // the work; no event is waited for
	number, end := binary.BigEndian.Uint64(m.Frames[0]), m.Frames[0][8] == 1
	if s.wrong == "" && number != uint64(s.count) {
		s.wrong = fmt.Sprintf("%d came as number %d", number, s.count)
	}
	if end {
		s.ended <- s.count
		return
	}
	s.count++
	if s.count == floodLength/4 {
		s.first = resident()
	} else if s.count > floodLength/4 && s.count%50 == 0 {
		s.most = max(s.most, resident())
	}
	if s.count == floodLength {
		close(s.enough)
	}
}

// resident is the memory of this process that is in RAM, in bytes; 0 where the system does not say.
func resident() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	var kB int64
	fmt.Sscan(rest, &kB)
	return kB << 10
}

// await takes the next value, or the zero value of a closed channel.
func await[T any](l *lab, c <-chan T) T {
	l.T.Helper()
	select {
	case v := <-c:
		return v
	case <-l.Ctx.Done():
		l.T.Fatal("it does not come")
		panic("unreachable")
	}
}

// progress is a line that the flooder prints.
type progress struct{ Sent, Blocked int }
