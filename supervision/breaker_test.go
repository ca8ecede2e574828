package supervision

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// states returns what was published, with the time since the world began.
func (w *world) states() (all []string) {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.circuits {
		text := c.Child.Id + " " + c.State.String()
		if c.State != Closed {
			text += fmt.Sprint(" until ", c.Until.Sub(w.began), ": ", c.Reason)
		}
		all = append(all, text)
	}
	w.circuits = nil
	return all
}

func (w *world) published(want ...string) {
	w.Helper()
	if got := w.states(); !slices.Equal(got, want) {
		w.Errorf("published\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// age sleeps until the world is so old, and nothing is under way.
func (w *world) age(d time.Duration) {
	time.Sleep(d - time.Since(w.began))
	synctest.Wait()
}

// quick is a strategy that restarts nearly at once.
func quick() *Backoff { return &Backoff{Min: 1, Max: 1, Decide: ordered} }

// The circuit opens after so many failures, is tried, opens again, is tried, and closes.
func TestBreaker(t *testing.T) {
	inWorld(t, func(w *world) {
		b := &Breaker{Failures: 3, Window: time.Minute, Open: 10 * time.Second, Then: quick(), Decide: ordered}
		pid := w.root("a", b, nil)
		fail := func() { w.send(pid, errDown); time.Sleep(time.Microsecond); synctest.Wait() }
		w.forget()
		fail()
		fail()
		w.is("a Restarting", "a Started", "a Restarting", "a Started")
		w.published()

		w.age(20 * time.Second)
		fail()
		w.is()
		w.published("a open until 30s: down")
		w.age(29 * time.Second)
		w.send(pid, ping{})
		w.is()
		w.published()

		w.age(31 * time.Second)
		w.is("a Restarting", "a Started", "a *messages.Tripped", "a supervision.ping")
		w.published("a half-open until 40s: down")
		w.send(pid, errors.New("down again"))
		w.is()
		w.published("a open until 41s: down again")

		w.age(45 * time.Second)
		w.is("a Restarting", "a Started", "a *messages.Tripped")
		w.published("a half-open until 51s: down again")
		w.age(60 * time.Second)
		w.published("a closed")
		w.is()

		fail() // all is forgotten
		fail()
		w.is("a Restarting", "a Started", "a Restarting", "a Started")
		w.published()
		if got := strings.Join(w.directives(), ""); got != strings.Repeat("a restart", 6) {
			t.Error(got)
		}
		w.noDeadLetters()
	})
}

// Failures that are further apart than the window do not open it.
func TestBreakerWindow(t *testing.T) {
	inWorld(t, func(w *world) {
		b := &Breaker{Failures: 3, Window: time.Minute, Then: quick()}
		pid := w.root("a", b, nil)
		for range 50 {
			w.send(pid, errDown)
			time.Sleep(30 * time.Second)
		}
		w.published()
		w.send(pid, errDown)
		time.Sleep(29 * time.Second)
		w.send(pid, errDown)
		if got := w.states(); len(got) != 1 {
			t.Error(got)
		}
	})
}

// What Tripped says, and that each actor has a circuit of its own.
func TestTripped(t *testing.T) {
	inWorld(t, func(w *world) {
		var got *messages.Tripped
		b := &Breaker{Failures: 1, Open: time.Minute}
		pid := w.root("a", b, on{"*messages.Tripped": func(c actor.Context) { got = c.Message().(*messages.Tripped) }})
		other := w.root("b", b, nil)
		w.send(pid, errDown)
		w.age(2 * time.Minute)
		if got == nil || got.Until.Sub(w.began) != time.Minute || got.Reason != errDown || !strings.Contains(got.String(), "down") {
			t.Error(got)
		}
		w.published("a open until 1m0s: down", "a half-open until 2m0s: down", "a closed")
		w.send(other, errDown)
		w.published("b open until 3m0s: down")
	})
}

// What is not to be restarted is Then's, and takes the circuit with it.
func TestBreakerPassesOn(t *testing.T) {
	inWorld(t, func(w *world) {
		b := &Breaker{Failures: 2, Open: time.Minute, Then: quick(), Decide: ordered}
		pid := w.root("a", b, on{"Terminated": func(actor.Context) { panic(order{actor.ResumeDirective}) }})
		for range 10 {
			w.send(pid, order{actor.ResumeDirective})
		}
		friend := w.root("b", b, nil)
		w.send(pid, func(c actor.Context) { c.Watch(friend) })
		w.published()
		w.send(pid, errDown)
		time.Sleep(time.Microsecond)
		w.send(pid, order{actor.ResumeDirective})
		w.send(pid, errDown)
		w.published("a open until 1m0.000001s: down")
		w.system.Root.Stop(friend)
		w.send(pid, ping{})
		if w.count("a Terminated") != 1 || w.count("a supervision.ping") != 0 {
			t.Error("resumed while the circuit was open", w.noted())
		}
		w.age(61 * time.Second)
		if w.count("a supervision.ping") != 1 {
			t.Error(w.noted())
		}
		w.states()
		w.forget()
		w.send(pid, order{actor.StopDirective})
		w.is("a Stopping", "a Stopped")
		if len(b.notes.of) != 0 {
			t.Error("remembered")
		}
		time.Sleep(time.Hour)
		w.published()
		w.noDeadLetters()
	})
}

// A restart by Then that is pending when the circuit opens is off, even if its timer cannot be
// stopped. Failures while it is open change nothing.
func TestBreakerOverridesThen(t *testing.T) {
	for _, then := range []func(time.Duration, Clock) actor.SupervisorStrategy{
		func(least time.Duration, c Clock) actor.SupervisorStrategy { return &Backoff{Min: least, Clock: c} },
		func(least time.Duration, c Clock) actor.SupervisorStrategy {
			return &AllForOne{Backoff: Backoff{Min: least, Clock: c}}
		},
	} {
		inWorld(t, func(w *world) {
			clock := &handClock{now: time.Now(), late: true}
			b := &Breaker{Failures: 2, Open: time.Hour, Then: then(time.Minute, clock)}
			_, kids := w.family(b, on{"Terminated": func(actor.Context) { panic(errDown) }}, "a")
			var friends []*actor.PID
			for range 3 {
				friend := w.system.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
				friends = append(friends, friend)
				w.send(kids[0], func(c actor.Context) { c.Watch(friend) })
			}
			w.send(kids[0], errDown)
			for range 3 {
				w.system.Root.Stop(friends[0])
				friends = friends[1:]
				time.Sleep(time.Minute)
			}
			if clock.pass() == 0 {
				t.Error("Then was not asked")
			}
			if got := w.states(); len(got) != 1 {
				t.Error(got)
			}
			w.is("a Terminated", "a Terminated", "a Terminated")
			time.Sleep(time.Hour)
			w.is("a Restarting", "a Started", "a *messages.Tripped")
		})
	}
}

// An actor that ends while its circuit is open or half open says nothing more.
func TestBreakerEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		b := &Breaker{Failures: 1, Open: time.Minute}
		open, half := w.root("a", b, nil), w.root("b", b, nil)
		w.send(half, errDown)
		time.Sleep(90 * time.Second)
		w.send(open, errDown)
		w.states()
		w.system.Root.Stop(open)
		w.system.Root.Stop(half)
		time.Sleep(time.Hour)
		w.published()
		if len(b.notes.of) != 0 {
			t.Error("remembered")
		}
		w.noDeadLetters()
	})
}

// A subscriber that makes another circuit change is told in order, and nobody deadlocks.
func TestNewsInOrder(t *testing.T) {
	inWorld(t, func(w *world) {
		b := &Breaker{Failures: 1, Open: time.Minute}
		first, second := w.root("a", b, nil), w.root("b", b, nil)
		var other actor.Supervisor
		w.send(second, func(c actor.Context) { other = c.(actor.Supervisor) })
		once := true
		w.system.EventStream.Subscribe(func(e any) {
			if _, ok := e.(*Circuit); ok && once {
				once = false
				other.EscalateFailure(errDown, nil)
			}
		})
		var told []string // after the other one
		w.system.EventStream.Subscribe(func(e any) {
			if c, ok := e.(*Circuit); ok {
				told = append(told, c.Child.Id)
			}
		})
		w.send(first, errDown)
		if !slices.Equal(told, []string{"a", "b"}) {
			t.Error(told)
		}
	})
}

// The default is five failures within a minute, half a minute of rest, and the same Decide and Clock.
func TestBreakerDefaults(t *testing.T) {
	inWorld(t, func(w *world) {
		c := &handClock{now: time.Now()}
		asked := 0
		b := &Breaker{Clock: c, Decide: func(any) actor.Directive { asked++; return actor.RestartDirective }}
		pid := w.root("a", b, nil)
		for range 4 {
			w.send(pid, errDown)
			if d := c.pass(); d <= 0 || d > time.Second {
				t.Error("pause", d)
			}
		}
		w.send(pid, errDown)
		if d := c.pass(); d != 30*time.Second || asked != 9 {
			t.Error("open for", d, "asked", asked)
		}
	})
}

func TestCircuitStrings(t *testing.T) {
	at := time.Date(2030, 1, 1, 12, 30, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{(&Circuit{Child: actor.NewPID("", "x"), State: Open, Reason: errDown, Until: at}).String(), "circuit of x is open until 12:30:00: down"},
		{(&Circuit{Child: actor.NewPID("", "x")}).String(), "circuit of x is closed"},
		{CircuitState(7).String(), "CircuitState(7)"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
