package socket_test

import (
	"fmt"
	"strings"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// reader is an actor that reads what a socket delivers once it is let.
type reader struct {
	pid    *actor.PID
	open   chan struct{}
	once   sync.Once
	echoes bool

	mu    sync.Mutex
	items []string          // guarded by mu
	heads map[string]string // guarded by mu: the first frames of the items' messages
	bytes int               // guarded by mu
	tail  string            // guarded by mu: of a stream
}

type fence chan struct{}

func (s *stage) reader(reads bool) *reader {
	r := &reader{open: make(chan struct{}), heads: map[string]string{}}
	if reads {
		r.let()
	}
	r.pid = s.Actor(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *messages.Message:
			<-r.open
			r.keep(m)
			if r.echoes {
				c.Respond(m)
			}
		case fence:
			close(m)
		}
	})
	s.readers = append(s.readers, r)
	return r
}

func (r *reader) let() { r.once.Do(func() { close(r.open) }) }

func (r *reader) reads() bool {
	select {
	case <-r.open:
		return true
	default:
		return false
	}
}

// keep takes down what has arrived. What does not end a line is no item: a subscription, a STREAM's
// notice of a new peer, or the beginning of what its next chunk goes on with.
func (r *reader) keep(m *messages.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := string(m.Frames[len(m.Frames)-1])
	if strings.HasPrefix(last, "\x01") || strings.HasPrefix(last, "\x00") {
		return
	}
	if r.bytes += len(last); last == "" {
		r.heads[""] = string(m.Frames[0]) // by which a far STREAM knows the subject
	}
	lines := strings.Split(r.tail+last, "\n")
	r.tail = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		item := strings.TrimRight(line, ".")
		r.items = append(r.items, item)
		r.heads[item] = string(m.Frames[0])
	}
}

func (r *reader) got() (items []string, bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.items...), r.bytes
}

// head is the first frame of the message that carried an item; of "", of one without an item.
func (r *reader) head(item string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heads[item]
}

// state is all that can be seen of what moves.
func (s *stage) state() string {
	all := ""
	for _, pid := range s.sockets() {
		all += fmt.Sprintln(s.Counts(pid))
	}
	for _, r := range s.readers {
		_, bytes := r.got()
		all += fmt.Sprintln(bytes)
	}
	return all
}

func (s *stage) sockets() []*actor.PID {
	pids := []*actor.PID{s.pid}
	for _, f := range s.fars {
		pids = append(pids, f.pid)
	}
	return pids
}

// round lets everybody who is not mute have a turn: each socket and its thread, each reader. What
// can move moves by at least one step.
func (s *stage) round() {
	turn := &socket.SetOptions{Options: socket.Options{Linger: shortly}}
	s.Do(s.pid, turn)
	for _, f := range s.fars {
		if f.reads() {
			s.Do(f.pid, turn)
		}
	}
	for _, r := range s.readers {
		if r.reads() {
			f := make(fence)
			s.Root.Send(r.pid, f)
			<-f
		}
	}
}

// settle returns when nothing moves any more. Between tcp sockets ZeroMQ's I/O threads and the
// kernel work, too, whom no round waits for: it takes more of them.
func (s *stage) settle() {
	s.T.Helper()
	rounds := 4
	if s.typ == socket.Stream {
		rounds = 100
	}
	last, quiet := s.state(), 0
	rig.Until(s.T, "nothing moves", func() bool {
		for range rounds {
			s.round()
			if now := s.state(); now != last {
				last, quiet = now, 0
			} else if quiet++; quiet >= rounds {
				return true
			}
		}
		return false
	})
}
