package supervision

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

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
				if name != "Clock" && name != "Then" && (len(w.reasons) != 1 || w.reasons[0] != "no idea") {
					t.Error("reasons", w.reasons)
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
