package wire

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// calm is a heartbeat for tests that are not about death: a busy machine must not kill anybody.
const calm = 10 * time.Second

// side is a system with a Wire.
type side struct {
	t      testing.TB
	system *actor.ActorSystem
	root   *actor.RootContext
	wire   *Wire

	mu     sync.Mutex
	events []any          // guarded by mu: PeerUp and PeerDown
	reason map[Reason]int // guarded by mu: of what was Undelivered
	dead   map[string]int // guarded by mu: dead letters, by type
	err    error          // guarded by mu: of the last that was Undelivered
}

// start starts a Wire on a new system. When the test is over it must shut down, and its counts add up.
func start(t testing.TB, cfg Config) *side {
	t.Helper()
	return startOn(t, rig.System(t), cfg)
}

func startOn(t testing.TB, system *actor.ActorSystem, cfg Config) *side {
	t.Helper()
	def(&cfg.Heartbeat, calm)
	s := &side{t: t, system: system, root: system.Root, reason: map[Reason]int{}, dead: map[string]int{}}
	system.EventStream.Subscribe(func(x any) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch m := x.(type) {
		case *PeerUp, *PeerDown:
			s.events = append(s.events, m)
		case *Undelivered:
			s.reason[m.Err.Reason]++
			s.err = m.Err
		case *actor.DeadLetterEvent:
			s.dead[fmt.Sprintf("%T", m.Message)]++
		}
	})
	w, err := Start(system, cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.wire = w
	t.Cleanup(s.shutdown)
	return s
}

func (s *side) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), rig.Patience)
	defer cancel()
	if err := s.wire.Shutdown(ctx); err != nil {
		s.t.Errorf("shutdown: %v", err)
	}
	rig.Until(s.t, "what was received to be delivered", func() bool {
		for _, c := range s.wire.Counts().Peers {
			if c.Held > 0 {
				return false
			}
		}
		return true
	})
	for at, c := range s.wire.Counts().Peers {
		if c.Queued+c.InFlight > 0 {
			s.t.Errorf("%s: left after the shutdown: %+v", at, c)
		}
		s.balanced(c)
	}
}

func (s *side) balanced(c PeerCounts) {
	s.t.Helper()
	if c.Accepted != c.Confirmed+c.Queued+c.InFlight+c.Unconfirmed+c.DeadLettered {
		s.t.Errorf("the books do not balance: %+v", c)
	}
	in := c.Delivered + c.Held
	for _, n := range c.Dropped {
		in += n
	}
	if c.Received != in {
		s.t.Errorf("the books of what came in do not balance: %+v", c)
	}
}

func (s *side) counts(of string) PeerCounts { return s.wire.Counts().Peers[of] }

// pid is the actor of that name here, as others write it.
func (s *side) pid(id string) *actor.PID { return actor.NewPID(s.wire.Address(), id) }

// spawn spawns an actor by a name.
func (s *side) spawn(name string, f actor.ReceiveFunc) *actor.PID {
	s.t.Helper()
	pid, err := s.root.SpawnNamed(actor.PropsFromFunc(f), name)
	if err != nil {
		s.t.Fatal(err)
	}
	return pid
}

// down waits for a PeerDown of the peer.
func (s *side) down(of string) (e *PeerDown) {
	s.t.Helper()
	rig.Until(s.t, "a PeerDown", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, x := range s.events {
			if d, ok := x.(*PeerDown); ok && d.Address == of {
				e = d
			}
		}
		return e != nil
	})
	return e
}

// ups is how many PeerUps there were of the peer.
func (s *side) ups(of string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.events {
		if u, ok := x.(*PeerUp); ok && u.Address == of {
			n++
		}
	}
	return n
}

func (s *side) undelivered(r Reason) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reason[r]
}

// ask asks and expects an answer.
func (s *side) ask(pid *actor.PID, text string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), rig.Patience)
	defer cancel()
	reply, err := messages.Ask(ctx, s.root, pid, messages.Text(text))
	if err != nil {
		s.t.Fatalf("ask %v: %v", pid, err)
	}
	return reply.Text()
}

func echo(c actor.Context) {
	if m, ok := c.Message().(*messages.Message); ok {
		c.Respond(messages.Text("echo " + m.Text()))
	}
}

// box is an actor that keeps what it gets.
type box struct {
	PID  *actor.PID
	mail chan any
}

func (s *side) box() *box {
	b := &box{mail: make(chan any, 1<<16)}
	b.PID = s.root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *actor.Started, *actor.Stopping, *actor.Stopped:
		case func(actor.Context):
			m(c)
		default:
			b.mail <- m
		}
	}))
	return b
}

func next[T any](t testing.TB, b *box) (x T) {
	t.Helper()
	select {
	case m := <-b.mail:
		var ok bool
		if x, ok = m.(T); !ok {
			t.Fatalf("got a %T %v", m, m)
		}
	case <-time.After(rig.Patience):
		t.Fatalf("no %T arrived", x)
	}
	return x
}

// watch has b watch somebody.
func (s *side) watch(b *box, who *actor.PID) {
	s.root.Send(b.PID, func(c actor.Context) { c.Watch(who) })
}
