package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	programs "github.com/sockeye-mq/sockeye/internal/peer"
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

// far is a process with a Wire: this test binary.
type far struct {
	*programs.Process
	address string
}

const isFar = "SOCKEYE_TEST_FAR"

// process starts one. Its Wire binds there: "" is any port.
func process(t testing.TB, bind string, beat time.Duration) *far {
	t.Helper()
	def(&bind, "tcp://127.0.0.1:*")
	p := programs.StartEnv(t, []string{isFar + "=" + bind + " " + beat.String()}, os.Args[0])
	return &far{p, p.Await("address ")}
}

func (f *far) pid(id string) *actor.PID { return actor.NewPID(f.address, id) }

// beFar is the other process. It has an echo, a counter, a sink, and hires others.
func beFar(what string) {
	bind, text, _ := strings.Cut(what, " ")
	beat, _ := time.ParseDuration(text)
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}))
	w, err := Start(system, Config{Bind: bind, Heartbeat: beat, Queue: socket.Limit{Messages: 1 << 21, Bytes: 1 << 30}})
	if err == nil {
		err = errors.Join(named(system, "echo", echo), named(system, "counter", counter()), named(system, "hire", func(c actor.Context) {
			if m, ok := c.Message().(*messages.Message); ok {
				hire(c, m.Text())
			}
		}))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("address " + w.Address())
	io.Copy(io.Discard, os.Stdin)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := w.Shutdown(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func named(system *actor.ActorSystem, name string, f actor.ReceiveFunc) error {
	_, err := system.Root.SpawnNamed(actor.PropsFromFunc(f), name)
	return err
}

// counter counts what it gets, and what of it is not the next; "?" asks for both.
func counter() actor.ReceiveFunc {
	got, wrong := 0, 0
	return func(c actor.Context) {
		m, ok := c.Message().(*messages.Message)
		if !ok {
			return
		}
		if m.Text() == "?" {
			c.Respond(messages.Text(fmt.Sprint(got, " ", wrong)))
			return
		}
		n := 0
		fmt.Sscan(m.Text(), &n)
		if n != got {
			wrong++
		}
		got++
	}
}

// hire spawns somebody and answers with the id.
func hire(c actor.Context, what string) {
	var f actor.ReceiveFunc
	system := c.ActorSystem()
	switch kind, argument, _ := strings.Cut(what, " "); kind {
	case "echo":
		f = echo
	case "counter":
		f = counter()
	case "mute":
		f = func(actor.Context) {}
	case "flood": // sends numbers to somebody: "flood 1000 address id"
		n, address, id := 0, "", ""
		fmt.Sscan(argument, &n, &address, &id)
		f = func(c actor.Context) {
			if _, ok := c.Message().(*actor.Started); ok {
				for i := range n {
					c.Send(actor.NewPID(address, id), messages.Text(fmt.Sprint(i)))
				}
			}
		}
	case "worker":
		c.Respond(messages.Text(hireWorker(system).Id))
		return
	case "pull", "rep":
		c.Respond(messages.Text(hireSocket(system, kind)))
		return
	}
	c.Respond(messages.Text(system.Root.Spawn(actor.PropsFromFunc(f)).Id))
}

// hireSocket spawns a socket and answers with its id and its endpoint.
func hireSocket(system *actor.ActorSystem, kind string) string {
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err.Error()
	}
	cfg := socket.Config{Type: socket.Push, Bind: []string{"tcp://127.0.0.1:*"}, Outbox: socket.Limit{Messages: 10},
		Options: socket.Options{SendHWM: 1}}
	if kind == "rep" {
		cfg = socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(system.Root.Spawn(actor.PropsFromFunc(echo)))}
	}
	pid := system.Root.Spawn(socket.Props(thread, cfg))
	ctx, cancel := context.WithTimeout(context.Background(), rig.Patience)
	defer cancel()
	at, err := socket.Endpoints(ctx, system.Root, pid)
	if err != nil {
		return err.Error()
	}
	return pid.Id + " " + at[0]
}
