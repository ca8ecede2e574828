package conformance

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// chapter is one file of libzmq's tests, by its name without test_ and .cpp.
type chapter struct {
	file      string
	scenarios []scenario
}

// scenario is a dialogue that some cases of a file have.
type scenario struct {
	name string
	over string // transports, by a space; or one word for a scenario that chooses by itself
	play func(*stage)
}

const (
	all     = "inproc ipc tcp"
	network = "ipc tcp"
)

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "4") // on two cores, too: most of it is waiting for one another
	rig.Main(m)
}

func TestLibzmq(t *testing.T) {
	for _, c := range chapters {
		t.Run(c.file, func(t *testing.T) {
			for _, s := range c.scenarios {
				for transport := range strings.FieldsSeq(s.over) {
					t.Run(s.name+"/"+transport, func(t *testing.T) {
						t.Parallel()
						s.play(&stage{rig.Start(t, zmqthread.Config{}), transport})
					})
				}
			}
		})
	}
}

// stage is where a scenario is played: one system, one thread, one transport.
type stage struct {
	*rig.Rig
	transport string
}

// end is a socket and what it has delivered.
type end struct {
	*rig.Collector
	s   *stage
	pid *actor.PID
}

// nobody as receivers leaves a socket unread until read is called.
var nobody = socket.RoundRobin()

// spawn spawns a socket. What it receives is collected, unless cfg has receivers of its own.
func (s *stage) spawn(cfg socket.Config) *end {
	s.T.Helper()
	e := &end{s: s}
	if _, receives := socket.Directions(cfg.Type); receives && cfg.Deliver.None() {
		e.Collector = s.Collector()
		if !reflect.DeepEqual(cfg.Deliver, nobody) {
			cfg.Deliver = socket.To(e.PID)
		}
	}
	e.pid = s.Spawn(cfg)
	return e
}

// bind spawns a socket that is bound over the scenario's transport.
func (s *stage) bind(cfg socket.Config) *end {
	s.T.Helper()
	cfg.Bind = []string{s.Endpoint(s.transport)}
	e := s.spawn(cfg)
	s.At(e.pid)
	return e
}

// connect spawns a socket that is connected to another.
func (s *stage) connect(to *end, cfg socket.Config) *end {
	s.T.Helper()
	cfg.Connect = s.At(to.pid)
	return s.spawn(cfg)
}

// meet is connect, and returns when both know of one another. before is how many peers the other had.
func (s *stage) meet(to *end, before int, cfg socket.Config) *end {
	s.T.Helper()
	e := s.connect(to, cfg)
	s.Peers(to.pid, before+1)
	s.Peers(e.pid, 1)
	return e
}

// read lets a socket be read, and mute ends that.
func (e *end) read() { e.s.T.Helper(); e.s.Do(e.pid, &socket.Attach{PID: e.PID}) }
func (e *end) mute() { e.s.T.Helper(); e.s.Do(e.pid, &socket.Detach{PID: e.PID}) }

// fill sends n messages without a body, of which libzmq must take so many and no more.
func (e *end) fill(n, taken int) {
	e.s.T.Helper()
	before := e.s.Counts(e.pid)
	for range n {
		e.s.Root.Send(e.pid, messages.Text(""))
	}
	was := int(before.Taken)
	e.s.until(fmt.Sprintf("%d messages are taken", taken), func() bool { return int(e.s.Counts(e.pid).Taken)-was >= taken })
	if taken < n {
		e.blocked("one more")
	}
	if now := int(e.s.Counts(e.pid).Taken) - was; now != taken {
		e.s.T.Errorf("%d messages taken, want %d", now, taken)
	}
}

func (s *stage) until(what string, ok func() bool) { s.T.Helper(); rig.Until(s.T, what, ok) }

// several are n peers of e, which has none yet.
func (s *stage) several(e *end, n int, cfg socket.Config) []*end {
	s.T.Helper()
	peers := make([]*end, n)
	for i := range peers {
		peers[i] = s.meet(e, i, cfg)
	}
	return peers
}

// send has libzmq take a message.
func (e *end) send(frames ...string) {
	e.s.T.Helper()
	e.s.Put(e.pid, messages.Text(frames...))
}

// refused is a message that must not be taken, and returns why.
func (e *end) refused(frames ...string) error {
	e.s.T.Helper()
	err := messages.Put(e.s.Ctx, e.s.Root, e.pid, messages.Text(frames...))
	if err == nil {
		e.s.T.Errorf("%q was taken", frames)
	}
	return err
}

// blocked is a message that nobody takes before the caller gives up. It stays in the outbox.
func (e *end) blocked(frames ...string) {
	e.s.T.Helper()
	if !e.waits(frames...) {
		e.s.T.Errorf("%q was taken, want it to wait", frames)
	}
}

// waits reports whether a message waits, or else it was taken.
func (e *end) waits(frames ...string) bool {
	e.s.T.Helper()
	ctx, cancel := context.WithTimeout(e.s.Ctx, 50*time.Millisecond)
	defer cancel()
	err := messages.Put(ctx, e.s.Root, e.pid, messages.Text(frames...))
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		e.s.T.Errorf("%q: %v", frames, err)
	}
	return err != nil
}

// ask sends a request and returns the reply's frames.
func (e *end) ask(frames ...string) []string {
	e.s.T.Helper()
	return texts(e.s.Ask(e.pid, messages.Text(frames...)).Body())
}

// expect takes the next message, which must have these frames.
func (e *end) expect(frames ...string) *messages.Message {
	e.s.T.Helper()
	m := e.Message()
	if got := texts(m.Frames); !slices.Equal(got, frames) {
		e.s.T.Fatalf("received %q, want %q", got, frames)
	}
	return m
}

// serve takes the next message, which must have this body, and answers it.
func (e *end) serve(request string, reply ...string) {
	e.s.T.Helper()
	m, mail := rig.Take[*messages.Message](e.Collector)
	if m.Text() != request {
		e.s.T.Fatalf("received %q, want %q", m.Text(), request)
	}
	mail.Respond(messages.Text(reply...))
}

func texts(frames [][]byte) []string {
	s := make([]string, len(frames))
	for i, f := range frames {
		s[i] = string(f)
	}
	return s
}

// naming spawns an actor that answers every request with its name.
func (s *stage) naming(name string) socket.Receivers {
	return socket.To(s.Actor(func(c actor.Context) {
		if _, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text(name))
		}
	}))
}

// same compares.
func same[T comparable](s *stage, what string, got, want []T) {
	s.T.Helper()
	if !slices.Equal(got, want) {
		s.T.Errorf("%s: %v, want %v", what, got, want)
	}
}

// failed checks that err is this one.
func (s *stage) failed(err, want error) {
	s.T.Helper()
	if !errors.Is(err, want) {
		s.T.Errorf("%v, want %v", err, want)
	}
}

// reserve returns an endpoint that nobody is bound to: it was just unbound. It is not on 127.0.0.1, from which
// connects come: one that tries an ephemeral port of its own address now and then meets itself.
func (s *stage) reserve() string {
	s.T.Helper()
	if s.transport != "tcp" {
		return s.Endpoint(s.transport)
	}
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		s.T.Fatal(err)
	}
	l.Close()
	return "tcp://" + l.Addr().String()
}
