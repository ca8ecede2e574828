package native

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	zmq "github.com/pebbe/zmq4"
	"golang.org/x/sys/unix"

	"github.com/sockeye-mq/sockeye/messages"
)

// scene is a PUSH whose first peer dies in the middle of a message.
type scene struct {
	*testing.T
	ctx  Context
	push Socket
	at   string
	peer Socket
}

func newScene(t *testing.T, real Real) *scene {
	ctx, err := real.NewContext(1, 100)
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{T: t, ctx: ctx}
	s.push = s.socket(zmq.PUSH)
	if err := s.push.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	s.at, _ = s.push.LastEndpoint()
	t.Cleanup(func() {
		s.push.Close(0)
		s.peer.Close(0)
		ctx.Term()
	})
	return s
}

func (s *scene) socket(t zmq.Type) Socket {
	n, err := s.ctx.NewSocket(t)
	if err != nil {
		s.Fatal(err)
	}
	return n
}

// connect brings a healthy peer.
func (s *scene) connect() {
	s.peer = s.socket(zmq.PULL)
	if err := s.peer.Connect(s.at); err != nil {
		s.Fatal(err)
	}
	s.await(func() bool { e, _ := s.push.Events(); return e&zmq.POLLOUT != 0 })
}

// kill closes the peer and lets the PUSH process the first that it hears of it: from then on it can
// no longer write to the pipe, and the pipe is not gone yet.
func (s *scene) kill() {
	s.push.Events() // what is pending from before
	s.peer.Close(0)
	fds := []unix.PollFd{{Fd: int32(s.push.FD()), Events: unix.POLLIN}}
	s.await(func() bool { n, _ := unix.Poll(fds, 100); return n > 0 })
	s.push.Events()
}

// await polls a condition of libzmq's that has no event.
func (s *scene) await(what func() bool) {
	s.Helper()
	for end := time.Now().Add(5 * time.Second); !what(); {
		if time.Now().After(end) {
			s.Fatal("libzmq never got there")
		}
	}
}

// frame sends one frame through the socket under test.
func (s *scene) frame(data []byte, more bool) syscall.Errno {
	if f, ok := s.push.(*fast); ok {
		return f.frame(data, more)
	}
	return s.push.(*plain).frame(data, more)
}

// dying is frame, but the peer dies after the first one.
func (s *scene) dying() func([]byte, bool) syscall.Errno {
	n := 0
	return func(data []byte, more bool) syscall.Errno {
		if n++; n == 2 {
			s.kill()
		}
		return s.frame(data, more)
	}
}

// naive is what SendMessageDontwait does: it gives up at the frame that fails.
func naive(frames [][]byte, send func([]byte, bool) syscall.Errno) Sent {
	for i, f := range frames {
		if n := send(f, i < len(frames)-1); n != 0 {
			return Sent{Errno: n}
		}
	}
	return Sent{Messages: 1}
}

func frames(name string, n int) (fs [][]byte) {
	for i := range n {
		fs = append(fs, fmt.Appendf(nil, "%s%d", name, i))
	}
	return fs
}

// A message breaks off in the middle because its peer dies. The next message, to a healthy peer, is
// swallowed after a naive send and arrives after ours (facts Z1).
func TestBrokenMultipartDoesNotSwallowTheNext(t *testing.T) {
	for _, real := range []Real{{}, {Plain: true}} {
		for _, c := range []struct {
			name  string
			send  func([][]byte, func([]byte, bool) syscall.Errno) Sent
			first string
		}{{"naive", naive, "next"}, {"ours", sendFrames, "broken"}} {
			t.Run(fmt.Sprintf("%s plain=%v", c.name, real.Plain), func(t *testing.T) {
				for try := 1; !breaks(t, real, c.send, c.first); try++ {
					if try == 200 {
						t.Fatal("no send ever broke off")
					}
				}
			})
		}
	}
}

// breaks plays the scene. When libzmq has buried the pipe already it takes the rest of the message
// and discards it without a word; then there is nothing to see, and it reports false.
func breaks(t *testing.T, real Real, send func([][]byte, func([]byte, bool) syscall.Errno) Sent, first string) bool {
	s := newScene(t, real)
	s.connect()
	broken := frames("broken", 5)
	switch got := send(broken, s.dying()); got.Errno {
	case 0:
		return false
	case syscall.EAGAIN:
	default:
		t.Fatalf("the broken message: %+v, want EAGAIN", got)
	}
	s.connect()
	// The message is unsent as a whole: send it again, and another one.
	again := send(broken, s.frame)
	next := send(frames("next", 2), s.frame)
	if again.Errno != 0 || next.Errno != 0 {
		t.Fatal("healthy sends failed:", again.Errno, next.Errno)
	}
	b := messages.NewBatch()
	s.await(func() bool {
		s.peer.Recv(b, Limit{Messages: 1, Bytes: 1 << 20, Message: 1 << 20})
		return b.Count > 0
	})
	if got := b.Messages()[0].Frames[0]; string(got) != first+"0" {
		t.Fatalf("first to arrive: %q, want %q", got, first+"0")
	}
	return true
}
