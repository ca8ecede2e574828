package fake

import (
	"runtime"
	"strings"
	"syscall"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
	"github.com/sockeye-mq/sockeye/messages"
)

// socket implements native.Socket. Guarded by Net.mu.
type socket struct {
	net    *Net
	world  *world
	typ    zmq.Type
	raw    *zmq.Socket
	tame   bool // the thread's own: no bad luck
	bound  []string
	ends   []*end
	turn   int // of sending and receiving
	poller *poller

	commands bool // there are some that were not processed
	broken   syscall.Errno
	panics   bool
	stalled  bool

	reports *reports // nil: no monitor
	expects []byte   // the number that a REQ waits for
	topics  map[string]int
	faults  faults
}

// signal posts a command.
func (s *socket) signal() {
	s.commands = true
	if s.poller != nil {
		s.poller.ring()
	}
}

// settleFor spares the thread's own sockets: they are told by their endpoints.
func (s *socket) settleFor(endpoint string) {
	s.tame = s.tame || strings.HasPrefix(endpoint, "inproc://sockeye-")
}

func (s *socket) full() bool {
	if s.typ != zmq.PAIR {
		return false
	}
	for _, e := range s.ends {
		if !e.closing {
			return true
		}
	}
	return false
}

// process lets the socket learn what has happened.
func (s *socket) process() {
	s.commands = false
	kept := s.ends[:0]
	for _, e := range s.ends {
		if !e.still() {
			e.active = true
			e.asleep, e.told = e.asleep && !e.told, false
			e.room, e.granted = e.room+e.granted, 0
		}
		if !e.closing || len(e.in) > 0 {
			kept = append(kept, e)
		}
	}
	clear(s.ends[len(kept):])
	s.ends = kept
}

// enter is the beginning of a call that sends or receives.
func (s *socket) enter(call string) syscall.Errno {
	if s.panics {
		s.panics = false
		panic("fake: out of luck")
	}
	if s.broken != 0 {
		return s.broken
	}
	if errno := s.failing(call, faults.next); errno != 0 {
		return errno
	}
	if s.tame || !s.net.unlucky(s.net.luck.Lazy) {
		s.process()
	}
	switch {
	case s.tame:
	case s.net.unlucky(s.net.luck.Again):
		return syscall.EAGAIN
	case s.net.unlucky(s.net.luck.Interrupt):
		return syscall.EINTR
	}
	return 0
}

// dawdle makes a call take its time.
func (s *socket) dawdle() {
	s.net.mu.Lock()
	slow := !s.tame && s.net.unlucky(s.net.luck.Slow)
	s.net.mu.Unlock()
	for i := 0; slow && i < 100; i++ {
		runtime.Gosched() // and not a sleep: to a bubble it would look as if nothing were under way
	}
}

// some is at most as many as there are.
func (s *socket) some(most int) int {
	if most > 1 && !s.tame && s.net.unlucky(s.net.luck.Partial) {
		return 1 + s.net.rng.IntN(most)
	}
	return most
}

// Send implements native.Socket.
func (s *socket) Send(data []byte, lens []uint32, most int, bytes int64) (out native.Sent) {
	s.dawdle()
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if out.Errno = s.enter("send"); out.Errno != 0 {
		return out
	}
	most = s.some(most)
	b := messages.Batch{Data: data, Lens: lens}
	var m Message
	at := 0
	for f, last := range b.Frames() {
		if m = append(m, append([]byte{}, f...)); !last {
			at += len(f)
			out.Frames++
			continue
		}
		if !s.tame && len(m) > 1 && s.net.unlucky(s.net.luck.Dies) {
			s.cut() // with the first frame gone already: libzmq wants the rest and discards it (facts Z1)
			out.Errno = syscall.EAGAIN
		} else {
			out.Errno = s.route(m)
		}
		if out.Errno != 0 {
			out.Frames -= len(m) - 1
			return out
		}
		at += len(f)
		out.Messages, out.Frames, out.Bytes = out.Messages+1, out.Frames+1, at
		if out.Messages >= most || int64(at) >= bytes {
			return out
		}
		m = nil
	}
	return out
}

// SendFrames implements native.Socket.
func (s *socket) SendFrames(frames [][]byte) (out native.Sent) {
	s.dawdle()
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if out.Errno = s.enter("send"); out.Errno != 0 {
		return out
	}
	var m Message
	for _, f := range frames {
		m = append(m, append([]byte{}, f...))
		out.Bytes += len(f)
	}
	if errno := s.route(m); errno != 0 {
		return native.Sent{Errno: errno}
	}
	out.Messages, out.Frames = 1, len(m)
	return out
}

// Recv implements native.Socket.
func (s *socket) Recv(b *messages.Batch, limit native.Limit) (got native.Got) {
	s.dawdle()
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	b.Data, b.Lens, b.Count = b.Data[:0], b.Lens[:0], 0
	if got.Errno = s.enter("receive"); got.Errno != 0 {
		return got
	}
	most := s.some(limit.Messages)
	for int(b.Count) < most && int64(len(b.Data)) < limit.Bytes {
		m := s.take()
		if m == nil {
			s.process() // libzmq looks once more before it says EAGAIN
			m = s.take()
		}
		if m == nil {
			got.Errno = syscall.EAGAIN
			return got
		}
		if int64(size(m)) > limit.Message {
			got.Skipped++
			continue
		}
		if limit.Copy > 0 && (int64(size(m)) > limit.Copy || s.net.unlucky(s.net.luck.Large)) {
			got.Large = s.net.withhold(m)
			return got
		}
		b.Append(m...)
	}
	return got
}

func size(m Message) (n int) {
	for _, f := range m {
		n += len(f)
	}
	return n
}

// Events implements native.Socket.
func (s *socket) Events() (state zmq.State, err error) {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if s.broken != 0 {
		return 0, native.Error(s.broken)
	}
	if errno := s.failing("events", faults.next); errno != 0 {
		return 0, native.Error(errno)
	}
	if !s.tame && s.net.unlucky(s.net.luck.Interrupt) {
		return 0, syscall.EINTR
	}
	s.process()
	for _, e := range s.ends {
		if e.ready() {
			state |= zmq.POLLIN
		}
		if e.open() {
			state |= zmq.POLLOUT
		}
	}
	return state, nil
}

// FD implements native.Socket.
func (s *socket) FD() int { return -1 }

// Raw implements native.Socket.
func (s *socket) Raw() *zmq.Socket { return s.raw }

// Sibling implements native.Socket.
func (s *socket) Sibling(t zmq.Type) (native.Socket, error) {
	w := s.world
	if w == nil {
		w = &world{net: s.net}
	}
	return w.NewSocket(t)
}

// LastEndpoint implements native.Socket.
func (s *socket) LastEndpoint() (string, error) {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if len(s.bound) == 0 {
		return "", nil
	}
	return s.bound[len(s.bound)-1], nil
}
