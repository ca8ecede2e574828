package tap_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/internal/tap"
	"github.com/sockeye-mq/sockeye/messages"
)

// heard is what one listener was told.
type heard struct {
	mu  sync.Mutex
	all []error // guarded by mu
}

func (h *heard) ask(_ context.Context, took time.Duration, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if took <= 0 {
		err = errors.New("it took no time")
	}
	h.all = append(h.all, err)
}

func (h *heard) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.all)
}

func echo(system *actor.ActorSystem) *actor.PID {
	return system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(m)
		}
	}))
}

func ask(t *testing.T, system *actor.ActorSystem, pid *actor.PID) error {
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	_, err := messages.Ask(ctx, system.Root, pid, messages.Text("?"))
	return err
}

// Everybody who listens to a system is told of its asks, and of no other's, until he no longer listens.
func TestAsks(t *testing.T) {
	one, other := rig.System(t), rig.System(t)
	toOne, toOther := echo(one), echo(other)
	if tap.Hears(one.Root) != nil {
		t.Fatal("somebody listens already")
	}
	var a, b, c heard
	removeA, removeB, removeC := tap.Asks(one, a.ask), tap.Asks(one, b.ask), tap.Asks(other, c.ask)
	tell := func(want ...int) {
		t.Helper()
		if err := errors.Join(ask(t, one, toOne), ask(t, other, toOther)); err != nil {
			t.Fatal(err)
		}
		if a.count() != want[0] || b.count() != want[1] || c.count() != want[2] {
			t.Fatal(a.count(), b.count(), c.count(), want)
		}
	}
	tell(1, 1, 1)
	removeA()
	removeA() // does nothing more
	tell(1, 2, 2)
	if err := ask(t, one, actor.NewPID("nonhost", "nobody")); !errors.Is(err, messages.ErrStopped) || !errors.Is(b.all[2], messages.ErrStopped) {
		t.Error(err, b.all)
	}
	removeC()
	tell(1, 4, 2)
	removeB()
	tell(1, 4, 2)
	if tap.Hears(one.Root) != nil || tap.Hears(other.Root) != nil {
		t.Error("somebody still listens")
	}
}

// Listeners come and go while others ask.
func TestAsksWhileListenersComeAndGo(t *testing.T) {
	system := rig.System(t)
	pid := echo(system)
	var all, coming heard
	remove := tap.Asks(system, all.ask)
	defer remove()
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for range 200 {
				if err := ask(t, system, pid); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 200 {
		tap.Asks(system, coming.ask)()
	}
	asking.Wait()
	if all.count() != 800 {
		t.Error(all.count())
	}
}

// Nobody pays who is not listened to.
func TestNobodyListens(t *testing.T) {
	system := rig.System(t)
	if n := testing.AllocsPerRun(1000, func() {
		if tap.Hears(system.Root) != nil {
			t.Fatal("somebody listens")
		}
	}); n != 0 {
		t.Error(n)
	}
}

func BenchmarkNobodyListens(b *testing.B) {
	system := rig.System(b)
	for b.Loop() {
		tap.Hears(system.Root)
	}
}
