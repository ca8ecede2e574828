package supervision

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// slow is a strategy that leaves time for a stop.
func slow(kind string) actor.SupervisorStrategy {
	switch kind {
	case "Breaker":
		return &Breaker{Failures: 1, Open: time.Hour}
	case "Breaker around another's":
		return &Breaker{Failures: 1, Open: time.Hour, Then: actor.NewOneForOneStrategy(5, time.Minute, actor.DefaultDecider)}
	case "AllForOne":
		return &AllForOne{Backoff: Backoff{Min: time.Hour, Max: time.Hour}}
	}
	return &Backoff{Min: time.Hour, Max: time.Hour}
}

var kinds = []string{"Backoff", "AllForOne", "Breaker", "Breaker around another's"}

// An actor that is stopped before its restart stays stopped, and another one that takes its name is
// not restarted in its stead.
func TestStopDuringPause(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, func(w *world) {
				pid := w.root("a", slow(kind), nil)
				w.send(pid, errDown)
				w.system.Root.Stop(pid)
				w.is("a Started", "a Stopping", "a Stopped")
				w.root("a", slow(kind), nil)
				time.Sleep(2 * time.Hour)
				w.is("a Started")
				w.noDeadLetters()
			})
		})
	}
}

// The same for the very same strategy, and with a failure of the second actor.
func TestNamesake(t *testing.T) {
	inWorld(t, func(w *world) {
		c := &handClock{now: time.Now()}
		b := &Backoff{Clock: c, Min: time.Hour, Max: time.Hour, Retries: 2, Window: 100 * time.Hour}
		first := w.root("a", b, nil)
		w.send(first, errDown)
		c.pass()
		w.send(first, errDown)
		w.forget()
		w.system.Root.Stop(first)
		w.is("a Stopping", "a Stopped")
		second := w.root("a", b, nil)
		w.is("a Started")
		for range 2 { // as many as it may have, although the first one had two
			w.send(second, errDown)
			if c.pass() == 0 {
				t.Fatal("no restart")
			}
			w.is("a Restarting", "a Started")
		}
		if d := c.pass(); d != 0 {
			t.Error("the first one's timer is left")
		}
		w.noDeadLetters()
	})
}

// A Restart that reached an actor that waits for its children would undo its stop, and hang whoever
// waits for it. It is not sent.
func TestStopWithChildren(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			inWorld(t, func(w *world) {
				pid := w.root("a", slow(kind), on{"Started": func(c actor.Context) {
					c.Spawn(w.props("kid", on{"Stopping": func(actor.Context) { time.Sleep(3 * time.Hour) }}))
				}})
				w.send(pid, errDown)
				w.system.Root.Stop(pid)
				time.Sleep(4 * time.Hour)
				if w.count("a Restarting") != 0 || w.count("a Started") != 1 || w.count("a Stopped") != 1 || w.registered(pid) {
					t.Error(w.noted())
				}
				w.noDeadLetters()
			})
		})
	}
}

// When the parent stops, its children get their Stop from it, unmarked. The same holds when it
// restarts.
func TestParentStops(t *testing.T) {
	for _, kind := range kinds {
		for _, again := range []bool{false, true} {
			t.Run(kind, func(t *testing.T) {
				inWorld(t, func(w *world) {
					var kids []*actor.PID
					parent := w.system.Root.Spawn(w.props("parent", on{"Started": func(c actor.Context) {
						kids = append(kids, c.Spawn(w.props("kid", on{"Started": func(c actor.Context) {
							c.Spawn(w.props("grandkid", on{"Stopping": func(actor.Context) { time.Sleep(3 * time.Hour) }}))
						}})))
					}}, actor.WithSupervisor(slow(kind)), actor.WithGuardian(&Backoff{Min: 1, Max: 1})))
					synctest.Wait()
					w.send(kids[0], errDown)
					if again {
						w.send(parent, errDown)
					} else {
						w.system.Root.Stop(parent)
					}
					time.Sleep(4 * time.Hour)
					if w.count("kid Restarting") != 0 || w.count("kid Stopped") != 1 || w.registered(kids[0]) || w.registered(parent) != again {
						t.Error(w.noted())
					}
					if again && (w.count("parent Started") != 2 || w.count("kid Started") != 2 || len(kids) != 2 || !w.registered(kids[1])) {
						t.Error(w.noted())
					}
					w.noDeadLetters()
				})
			})
		}
	}
}

// An actor that fails with its Stop on its way is left to it: nothing is counted or announced.
func TestFailsBeforeStop(t *testing.T) {
	inWorld(t, func(w *world) {
		backoff, group, breaker := &Backoff{}, &AllForOne{}, &Breaker{Failures: 1}
		for name, s := range map[string]actor.SupervisorStrategy{"a": backoff, "b": group, "c": breaker} {
			w.send(w.root(name, s, nil), func(c actor.Context) {
				c.Stop(c.Self())
				panic(errDown)
			})
			w.is(name+" Started", name+" Stopping", name+" Stopped")
		}
		_, kids := w.family(group, nil, "d", "e")
		w.send(kids[0], func(c actor.Context) {
			c.Stop(c.Self())
			panic(errDown)
		})
		w.is("d Stopping", "d Stopped")
		if len(group.groups.of) > 0 {
			t.Error("a stop is no failure of the group")
		}
		if got := fmt.Sprint(w.directives()); strings.Contains(got, "restart") || strings.Count(got, "stop") != 4 {
			t.Error(got)
		}
		if len(backoff.notes.of)+len(group.notes.of)+len(breaker.notes.of) > 0 || len(w.states()) > 0 {
			t.Error("remembered, or tripped")
		}
	})
}

// A child's failing message that a child of its own had is not its own stop.
func TestEscalatedStop(t *testing.T) {
	inWorld(t, func(w *world) {
		pid := w.root("a", &Backoff{}, nil)
		w.send(pid, func(c actor.Context) { c.(actor.Supervisor).EscalateFailure(errDown, &actor.Stop{}) })
		time.Sleep(time.Second)
		if got := w.noted(); !slices.Contains(got, "a Restarting") || w.count("a Started") != 2 || w.count("a Stopping") != 0 {
			t.Error(got)
		}
	})
}

// What is read of Proto.Actor's is where it is thought to be.
func TestPeeks(t *testing.T) {
	inWorld(t, func(w *world) {
		var ctx actor.Context
		gate := make(chan bool)
		pid := w.root("a", &Backoff{}, on{"Stopping": func(actor.Context) { <-gate }})
		w.send(pid, func(c actor.Context) { ctx = c })
		p, _ := w.system.ProcessRegistry.GetLocal(pid.Id)
		if stopped(p) || ending(ctx.(actor.Supervisor)) {
			t.Error("stopped", stopped(p), "ending", ending(ctx.(actor.Supervisor)))
		}
		w.system.Root.Stop(pid)
		synctest.Wait()
		if !stopped(p) || !ending(ctx.(actor.Supervisor)) {
			t.Error("stopped", stopped(p), "ending", ending(ctx.(actor.Supervisor)))
		}
		gate <- true
	})
	for _, of := range []any{nil, 1, "x", (*note)(nil), &note{}, &struct{ state int64 }{7}, struct{ state int32 }{7}} {
		if load(of, "state") != 0 {
			t.Errorf("%#v", of)
		}
	}
}

// A Stop that comes between the look and the Restart may be before it in the mailbox.
func TestStopRacesRestart(t *testing.T) {
	inWorld(t, func(w *world) {
		box := &inbox{Mailbox: actor.Unbounded()()}
		p := actor.NewActorProcess(box)
		pid, _ := w.system.ProcessRegistry.Add(p, "a")
		x, _ := aim(w.system, pid, nil)
		x.restart()
		if len(box.got) != 1 {
			t.Error(box.got)
		}
		box.before = func() { w.system.Root.Stop(pid) }
		x.restart()
		if len(box.got) != 4 {
			t.Fatal(box.got)
		}
		for i, want := range []any{&actor.Restart{}, &actor.Stop{}, &actor.Restart{}, &actor.Stop{}} {
			if got := box.got[i]; reflect.TypeOf(got) != reflect.TypeOf(want) {
				t.Errorf("%d: %T", i, got)
			}
		}
		box.got = nil
		x.restart()
		if len(box.got) != 0 {
			t.Error("restarted", box.got)
		}
	})
}

// inbox keeps what is sent to a process; before is called before it keeps a Restart.
type inbox struct {
	actor.Mailbox
	before func()
	got    []any
}

func (i *inbox) PostSystemMessage(m any) {
	if _, ok := m.(*actor.Restart); ok && i.before != nil {
		i.before()
	}
	i.got = append(i.got, m)
}
