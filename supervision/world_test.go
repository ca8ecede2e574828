package supervision

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// world is an actor system of its own, in a bubble of synctest, and what happens in it.
type world struct {
	*testing.T
	system *actor.ActorSystem
	began  time.Time

	mu       sync.Mutex
	all      []string        // guarded by mu: what actors have noted
	at       []time.Duration // guarded by mu: and when, since began
	errors   []string        // guarded by mu: logged
	letters  []string        // guarded by mu: dead ones
	decided  []string        // guarded by mu: directives, with the name of the child
	reasons  []any           // guarded by mu: for them
	circuits []*Circuit      // guarded by mu
}

func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, began: time.Now()}
		w.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(w) }),
			actor.WithDeadLetterThrottleInterval(time.Millisecond))
		w.system.EventStream.Subscribe(w.event)
		test(w)
		synctest.Wait()
		time.Sleep(time.Second) // dead letters' throttle
	})
}

func (w *world) event(e any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := e.(type) {
	case *actor.DeadLetterEvent:
		w.letters = append(w.letters, fmt.Sprintf("%s: %T", e.PID.GetId(), e.Message))
	case *actor.SupervisorEvent:
		names := [...]string{"resume", "restart", "stop", "escalate"}
		w.reasons = append(w.reasons, e.Reason)
		w.decided = append(w.decided, e.Child.Id+" "+names[e.Directive])
	case *Circuit:
		w.circuits = append(w.circuits, e)
	}
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, fmt.Sprintf(format, args...))
	w.at = append(w.at, time.Since(w.began))
}

// noted returns what was noted once nothing is under way any more.
func (w *world) noted() []string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.all)
}

// when returns the times of a note, since the world began.
func (w *world) when(note string) (at []time.Duration) {
	for i, n := range w.noted() {
		if n == note {
			at = append(at, w.at[i])
		}
	}
	return at
}

func (w *world) count(note string) int { return len(w.when(note)) }

// is fails the test unless exactly this was noted since the last call.
func (w *world) is(want ...string) {
	w.Helper()
	if got := w.noted(); !slices.Equal(got, want) {
		w.Errorf("noted\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	w.mu.Lock()
	w.all, w.at = nil, nil
	w.mu.Unlock()
}

func (w *world) logged() []string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.errors)
}

// noDeadLetters fails the test if there were any.
func (w *world) noDeadLetters() {
	w.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.letters) > 0 {
		w.Error("dead letters:", w.letters)
	}
}

func (w *world) directives() []string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.decided)
}

func (w *world) registered(pid *actor.PID) bool {
	synctest.Wait()
	_, there := w.system.ProcessRegistry.GetLocal(pid.Id)
	return there
}

// Enabled, Handle, WithAttrs and WithGroup implement slog.Handler.
func (w *world) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }
func (w *world) WithAttrs([]slog.Attr) slog.Handler           { return w }
func (w *world) WithGroup(string) slog.Handler                { return w }
func (w *world) Handle(_ context.Context, r slog.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	w.errors = append(w.errors, text)
	return nil
}

// role is an actor: it notes its life, panics with a reason it is sent, and runs a func it is sent.
type role struct {
	world *world
	name  string
	on    map[string]func(c actor.Context) // what it does in "Started" and the like
}

func (r *role) Receive(c actor.Context) {
	what := strings.TrimPrefix(fmt.Sprintf("%T", c.Message()), "*actor.")
	switch m := c.Message().(type) {
	case error:
		panic(m)
	case func(actor.Context):
		m(c)
		return
	default:
		r.world.note("%s %s", r.name, what)
	}
	if do := r.on[what]; do != nil {
		do(c)
	}
}

// ping is for an actor to show that it is not suspended.
type ping struct{}

type on = map[string]func(c actor.Context)

func (w *world) props(name string, on on, opts ...actor.PropsOption) *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor { return &role{w, name, on} }, opts...)
}

func (w *world) root(name string, guardian actor.SupervisorStrategy, on on) *actor.PID {
	w.Helper()
	pid, err := w.system.Root.SpawnNamed(w.props(name, on, actor.WithGuardian(guardian)), name)
	if err != nil {
		w.Fatal(err)
	}
	return pid
}

// family spawns a parent with children, and waits until they are there.
func (w *world) family(s actor.SupervisorStrategy, on on, children ...string) (parent *actor.PID, kids []*actor.PID) {
	parent = w.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if do, ok := c.Message().(func(actor.Context)); ok {
			do(c)
		}
	}, actor.WithSupervisor(s)))
	w.system.Root.Send(parent, func(c actor.Context) {
		for _, child := range children {
			pid, err := c.SpawnNamed(w.props(child, on), child)
			if err != nil {
				panic(err)
			}
			kids = append(kids, pid)
		}
	})
	synctest.Wait()
	w.forget()
	return parent, kids
}

// forget clears what was noted so far.
func (w *world) forget() {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all, w.at = nil, nil
}

func (w *world) send(pid *actor.PID, m any) {
	w.system.Root.Send(pid, m)
	synctest.Wait()
}
