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
)

var errDown = errors.New("down")

// The pauses are spread evenly over (0, d], where d doubles up to the cap.
func TestPauses(t *testing.T) {
	b := &Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second}
	for row, want := range map[int]time.Duration{1: 100, 2: 200, 3: 400, 4: 800, 5: 1600, 6: 3200, 7: 5000, 31: 5000, 63: 5000, 64: 5000, 1000: 5000} {
		d := want * time.Millisecond
		const n = 4000
		var sum, most time.Duration
		least := d
		for range n {
			p := b.pause(row)
			sum, least, most = sum+p, min(least, p), max(most, p)
		}
		if least <= 0 || least > d/20 || most > d || most < d-d/20 {
			t.Errorf("failure %d: pauses from %v to %v, want more than 0 to %v", row, least, most, d)
		}
		if mean := sum / n; mean < d*45/100 || mean > d*55/100 { // more than ten standard deviations
			t.Errorf("failure %d: mean pause %v, want about %v", row, mean, d/2)
		}
	}
	for range 100 {
		if p := (&Backoff{Min: 1, Max: 1}).pause(9); p != 1 {
			t.Fatal("pause", p, "not in (0, 1 ns]")
		}
		if p := (&Backoff{Min: time.Hour, Max: time.Second}).pause(1); p > time.Second {
			t.Fatal("pause", p, "is longer than Max")
		}
		if p := (&Backoff{}).pause(100); p > 5*time.Second {
			t.Fatal("default pause", p)
		}
	}
}

// A failed actor is restarted after the pause, not before, and stops after Retries.
func TestRestartThenStop(t *testing.T) {
	inWorld(t, func(w *world) {
		b := &Backoff{Min: time.Second, Max: 3 * time.Second, Retries: 4, Window: time.Minute}
		pid := w.root("a", b, on{"Started": func(actor.Context) { panic(errDown) }})
		time.Sleep(59 * time.Second)
		starts := w.when("a Started")
		if len(starts) != 5 || w.count("a Restarting") != 4 || w.count("a Stopped") != 1 {
			t.Fatal(w.noted())
		}
		for i, most := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second} {
			if pause := starts[i+1] - starts[i]; pause <= 0 || pause > most {
				t.Errorf("pause %d is %v, want at most %v", i+1, pause, most)
			}
		}
		if got := fmt.Sprint(w.directives()); got != "[a restart a restart a restart a restart a stop]" {
			t.Error(got)
		}
		if w.registered(pid) || len(w.logged()) > 0 {
			t.Error("still there, or", w.logged())
		}
	})
}

// Failures that are a window apart never add up. Nor does a pause count as being well.
func TestWindow(t *testing.T) {
	inWorld(t, func(w *world) {
		c := &handClock{now: time.Now()}
		b := &Backoff{Min: time.Second, Max: time.Hour, Retries: 3, Window: 10 * time.Second, Clock: c}
		pid := w.root("a", b, nil)
		fail := func() time.Duration {
			w.send(pid, errDown)
			return c.pass()
		}
		for range 20 {
			if d := fail(); d > time.Second {
				t.Fatal("pause", d)
			}
			c.now = c.now.Add(10 * time.Second)
		}
		if w.count("a Started") != 21 {
			t.Fatal(w.noted())
		}
		// Five seconds between failures: never more than three in the window, but without a rest.
		long := false
		for range 100 {
			long = fail() > 5*time.Second || long
			c.now = c.now.Add(5 * time.Second)
		}
		if w.count("a Stopped") != 0 || !long {
			t.Error("stopped, or never a pause of more than", time.Second)
		}
		c.now = c.now.Add(5 * time.Second)
		if d := fail(); d > time.Second {
			t.Error("after a window of quiet the pause is", d)
		}
	})
}

// handClock moves when it is told to.
type handClock struct {
	now   time.Time
	calls []*handTimer
}

type handTimer struct {
	at      time.Time
	f       func()
	stopped bool
}

func (t *handTimer) Stop() bool { was := !t.stopped; t.stopped = true; return was }

func (c *handClock) Now() time.Time { return c.now }

func (c *handClock) AfterFunc(d time.Duration, f func()) Timer {
	t := &handTimer{at: c.now.Add(d), f: f}
	c.calls = append(c.calls, t)
	return t
}

// pass lets time pass until the next timer, and returns how long that was, or 0 if there was none.
func (c *handClock) pass() time.Duration {
	c.calls = slices.DeleteFunc(c.calls, func(t *handTimer) bool { return t.stopped })
	if len(c.calls) == 0 {
		return 0
	}
	first := slices.MinFunc(c.calls, func(a, b *handTimer) int { return a.at.Compare(b.at) })
	first.stopped = true
	d := first.at.Sub(c.now)
	c.now = first.at
	first.f()
	synctest.Wait()
	return d
}

// A strategy has its time from its Clock alone, and cancels what it does not need any more.
func TestClock(t *testing.T) {
	inWorld(t, func(w *world) {
		c := &handClock{now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
		b := &Backoff{Clock: c, Decide: func(reason any) actor.Directive {
			if reason == errDown {
				return actor.RestartDirective
			}
			return actor.StopDirective
		}}
		pid := w.root("a", b, on{"Terminated": func(actor.Context) { panic("not again") }})
		friend := w.root("b", b, nil)
		w.send(pid, func(c actor.Context) { c.Watch(friend) })
		w.forget()
		w.send(pid, errDown)
		time.Sleep(time.Hour)
		w.is()
		if d := c.pass(); d <= 0 || d > 100*time.Millisecond {
			t.Error("pause", d)
		}
		w.is("a Restarting", "a Started")

		w.send(pid, errDown)
		w.system.Root.Stop(friend) // at which it fails again, for good
		w.is("b Stopping", "b Stopped", "a Terminated", "a Stopping", "a Stopped")
		if d := c.pass(); d != 0 {
			t.Error("a timer was left")
		}
		if len(b.notes.of) != 0 {
			t.Error(len(b.notes.of), "actors remembered")
		}
	})
}

// However often an actor fails while its restart is pending, it is restarted once, and that counts
// once.
func TestOneRestart(t *testing.T) {
	inWorld(t, func(w *world) {
		b := &Backoff{Min: time.Hour, Max: time.Hour, Retries: 1, Window: 1000 * time.Hour,
			Decide: func(reason any) actor.Directive {
				if reason == "resume" {
					return actor.ResumeDirective
				}
				return actor.RestartDirective
			}}
		reasons := []any{errDown, "resume", "resume", errDown, errDown}
		pid := w.root("a", b, on{"Terminated": func(actor.Context) {
			r := reasons[0]
			reasons = reasons[1:]
			panic(r)
		}})
		friends := make([]*actor.PID, 5)
		for i := range friends {
			friends[i] = w.system.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
			w.send(pid, func(c actor.Context) { c.Watch(friends[i]) })
		}
		for _, f := range friends { // told although it is suspended
			w.system.Root.Stop(f)
			synctest.Wait()
			w.send(pid, &actor.Touch{}) // must wait for the restart
		}
		if w.count("a Terminated") != 5 || w.count("a Restarting") != 0 || w.count("a Touch") != 0 {
			t.Fatal(w.noted())
		}
		time.Sleep(2 * time.Hour)
		if w.count("a Restarting") != 1 || w.count("a Touch") != 5 {
			t.Error(w.noted())
		}
		w.forget()
		w.send(pid, errDown)
		w.is("a Stopping", "a Stopped")
	})
}

// Decisions other than a restart take effect at once and cost no retry.
func TestDecisions(t *testing.T) {
	inWorld(t, func(w *world) {
		b := &Backoff{Retries: 1, Decide: func(reason any) actor.Directive { return reason.(order).d }}
		pid := w.root("a", b, nil)
		w.is("a Started")
		for range 100 {
			w.send(pid, order{actor.ResumeDirective})
		}
		w.is()
		w.send(pid, order{actor.RestartDirective})
		time.Sleep(time.Second)
		w.is("a Restarting", "a Started")
		w.send(pid, order{actor.StopDirective})
		w.is("a Stopping", "a Stopped")
		if len(w.logged()) > 0 {
			t.Error(w.logged())
		}
		w.noDeadLetters()
	})
}

// order is an error that says what is to be done about it.
type order struct{ d actor.Directive }

func (order) Error() string { return "order" }

// A guardian that escalates stops the actor and says so, whatever decides it.
func TestEscalateAsGuardian(t *testing.T) {
	for name, s := range map[string]actor.SupervisorStrategy{
		"Backoff":        &Backoff{Decide: escalate},
		"AllForOne":      &AllForOne{Backoff: Backoff{Decide: escalate}},
		"Breaker":        &Breaker{Decide: escalate, Then: &Backoff{Decide: escalate}},
		"its default":    &Breaker{Decide: escalate},
		"Breaker around": &Breaker{Then: actor.NewOneForOneStrategy(1, time.Second, escalate)},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				pid := w.root("a", s, nil)
				w.send(pid, errDown)
				w.is("a Started", "a Stopping", "a Stopped")
				if l := strings.Join(w.logged(), "\n"); !strings.Contains(l, "escalate") || !strings.Contains(l, "actor=a reason=down") {
					t.Error(w.logged())
				}
			})
		})
	}
}

func escalate(any) actor.Directive { return actor.EscalateDirective }

// Under a parent, escalating is up to the next supervisor.
func TestEscalateUnderParent(t *testing.T) {
	for name, s := range map[string]actor.SupervisorStrategy{
		"Backoff":   &Backoff{Decide: escalate},
		"AllForOne": &AllForOne{Backoff: Backoff{Decide: escalate}},
		"Breaker":   &Breaker{Decide: escalate},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				var asked []any
				above := &Backoff{Decide: func(reason any) actor.Directive { asked = append(asked, reason); return actor.StopDirective }}
				var kid *actor.PID
				parent := w.system.Root.Spawn(w.props("parent", on{"Started": func(c actor.Context) { kid = c.Spawn(w.props("kid", nil)) }},
					actor.WithSupervisor(s), actor.WithGuardian(above)))
				synctest.Wait()
				w.forget()
				w.send(kid, errDown)
				if len(asked) != 1 || asked[0] != errDown {
					t.Error("asked about", asked)
				}
				w.is("parent Stopping", "kid Stopping", "kid Stopped", "parent Terminated", "parent Stopped")
				if w.registered(parent) || len(w.logged()) > 0 {
					t.Error(w.logged())
				}
			})
		})
	}
}

// What users' code does wrong stops the actor; it does not end the process.
func TestPanickingUsers(t *testing.T) {
	bad := func(any) actor.Directive { panic("no idea") }
	for name, s := range map[string]actor.SupervisorStrategy{
		"Backoff":   &Backoff{Decide: bad},
		"AllForOne": &AllForOne{Backoff: Backoff{Decide: bad}},
		"Breaker":   &Breaker{Decide: bad},
		"Clock":     &Backoff{Clock: new(brokenClock)},
		"Then":      &Breaker{Then: broken{}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.send(w.root("a", s, nil), errDown)
				w.is("a Started", "a Stopping", "a Stopped")
				if l := strings.Join(w.logged(), "\n"); !strings.Contains(l, "no idea") {
					t.Error(l)
				}
				if name == "Clock" || name == "Then" {
					return
				}
				w.forget()
				_, kids := w.family(s, nil, "kid")
				w.send(kids[0], errDown)
				w.is("kid Stopping", "kid Stopped")
			})
		})
	}
}

type brokenClock struct{ handClock }

func (*brokenClock) AfterFunc(time.Duration, func()) Timer { panic("no idea") }

type broken struct{ _ []int } // cannot be compared, either

func (broken) HandleFailure(*actor.ActorSystem, actor.Supervisor, *actor.PID, *actor.RestartStatistics, any, any) {
	panic("no idea")
}

// A subscriber of the EventStream that panics does no harm.
func TestPanickingSubscriber(t *testing.T) {
	inWorld(t, func(w *world) {
		w.system.EventStream.Subscribe(func(e any) {
			switch e.(type) {
			case *actor.SupervisorEvent, *Circuit:
				panic("cannot bear it")
			}
		})
		for name, s := range map[string]actor.SupervisorStrategy{"a": &Backoff{}, "b": &Breaker{Failures: 1, Open: time.Second}} {
			pid := w.root(name, s, nil)
			w.send(pid, errDown)
			time.Sleep(2 * time.Second)
			if w.count(name+" Started") != 2 || w.count(name+" Restarting") != 1 {
				t.Error(w.noted())
			}
			if len(w.logged()) == 0 {
				t.Error("nothing logged")
			}
		}
	})
}

// A failure for no reason is a failure.
func TestNilReason(t *testing.T) {
	inWorld(t, func(w *world) {
		for name, s := range map[string]actor.SupervisorStrategy{"a": &Backoff{}, "b": &Breaker{Failures: 1, Open: time.Second}} {
			pid := w.root(name, s, nil)
			w.send(pid, func(c actor.Context) { c.(actor.Supervisor).EscalateFailure(nil, nil) })
			time.Sleep(2 * time.Second)
			if got := w.noted(); !slices.Equal(got[:2], []string{name + " Started", name + " Restarting"}) {
				t.Error(got)
			}
			w.forget()
		}
	})
}

// A strategy that supervises many short-lived actors does not grow without bound: neither with
// those that are well again, nor with those that are gone before their restart.
func TestForgets(t *testing.T) {
	for _, gone := range []bool{true, false} {
		inWorld(t, func(w *world) {
			b := &Backoff{Window: time.Second, Min: 1, Max: 1}
			if gone {
				b = &Backoff{Window: time.Hour, Min: time.Hour, Max: time.Hour}
			}
			for i := range 5000 {
				id := fmt.Sprint(i)
				pid, _ := w.system.ProcessRegistry.Add(actor.NewActorProcess(actor.Unbounded()()), id)
				x, _ := aim(w.system, pid, nil)
				b.notes.mu.Lock()
				note := b.notes.get(x, b.now(), b.window())
				note.tally.add(b.now(), b.window(), 1)
				if gone {
					b.notes.after(realTime{}, time.Hour, note, nil, func([]target) func() { t.Error("restarted"); return func() {} })
				}
				b.notes.mu.Unlock()
				if gone {
					w.system.ProcessRegistry.Remove(pid)
				}
				time.Sleep(10 * time.Millisecond)
			}
			if n := len(b.notes.of); n > 1100 {
				t.Error(n, "actors remembered")
			}
			b.notes.mu.Lock()
			for k := range b.notes.of {
				b.notes.drop(k)
			}
			b.notes.mu.Unlock()
		})
	}
}

// One strategy in two systems, with actors of the same name.
func TestTwoSystems(t *testing.T) {
	inWorld(t, func(one *world) {
		two := &world{T: t, began: time.Now()}
		two.system = actor.NewActorSystem(actor.WithLoggerFactory(one.system.Config.LoggerFactory))
		b := &Backoff{Min: time.Second, Max: time.Second}
		for _, w := range []*world{one, two} {
			w.send(w.root("a", b, nil), errDown)
		}
		time.Sleep(2 * time.Second)
		for _, w := range []*world{one, two} {
			w.is("a Started", "a Restarting", "a Started")
		}
	})
}
