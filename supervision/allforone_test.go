package supervision

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

func trio(retries int) *AllForOne {
	return &AllForOne{Backoff: Backoff{Min: time.Minute, Max: time.Minute, Retries: retries, Window: 1000 * time.Hour, Decide: ordered}}
}

// sorted returns what was noted, without the order among the actors.
func (w *world) sorted() []string {
	all := w.noted()
	slices.Sort(all)
	return all
}

var allAgain = []string{"a Restarting", "a Started", "b Restarting", "b Started", "c Restarting", "c Started"}

// One fails; all restart, once, at the same time and not before.
func TestAllForOne(t *testing.T) {
	inWorld(t, func(w *world) {
		_, kids := w.family(trio(0), nil, "a", "b", "c")
		_, others := w.family(&AllForOne{}, nil, "d")
		w.send(kids[1], errDown)
		w.is()
		w.send(kids[0], ping{}) // the others go on
		w.send(kids[1], ping{})
		w.is("a supervision.ping")
		time.Sleep(time.Hour)
		if got := w.sorted(); !slices.Equal(got, append(slices.Clone(allAgain[:4]), "b supervision.ping", "c Restarting", "c Started")) {
			t.Error(got)
		}
		if at := append(w.when("a Restarting"), append(w.when("b Restarting"), w.when("c Restarting")...)...); len(slices.Compact(at)) != 1 {
			t.Error("restarted at", at)
		}
		if got := strings.Join(w.directives(), ", "); !strings.HasSuffix(got, "/b restart") || strings.Contains(got, ",") {
			t.Error(got)
		}
		w.send(others[0], order{actor.ResumeDirective})
		w.noDeadLetters()
	})
}

// A group that fails together fails once, and is restarted once.
func TestAllForOneTogether(t *testing.T) {
	inWorld(t, func(w *world) {
		_, kids := w.family(trio(1), nil, "a", "b", "c")
		w.send(kids[0], errDown)
		w.send(kids[2], errDown)
		w.send(kids[1], order{actor.ResumeDirective}) // and this one waits with them
		w.send(kids[1], ping{})
		w.is()
		time.Sleep(time.Hour)
		if got := w.sorted(); !slices.Equal(got, append(slices.Clone(allAgain[:4]), "b supervision.ping", "c Restarting", "c Started")) {
			t.Error(got)
		}
		w.forget()
		w.send(kids[1], errDown) // the second time, although another one's
		want := []string{"a Stopped", "a Stopping", "b Stopped", "b Stopping", "c Stopped", "c Stopping"}
		if got := w.sorted(); !slices.Equal(got, want) {
			t.Error(got)
		}
		time.Sleep(time.Hour)
		if got := w.sorted(); !slices.Equal(got, want) {
			t.Error(got)
		}
		w.noDeadLetters()
	})
}

// Retries are counted for each parent.
func TestAllForOneParents(t *testing.T) {
	inWorld(t, func(w *world) {
		s := trio(2)
		_, one := w.family(s, nil, "a", "b", "c")
		_, two := w.family(s, nil, "x", "y")
		for range 2 {
			w.send(one[0], errDown)
			w.send(two[0], errDown)
			time.Sleep(time.Hour)
		}
		w.forget()
		w.send(one[2], errDown)
		if w.count("a Stopped") != 1 || w.count("b Stopped") != 1 || w.count("c Stopped") != 1 || len(w.noted()) != 6 {
			t.Error(w.noted())
		}
	})
}

// A decision to stop stops all, at once and also during the pause; one to resume is for one.
func TestAllForOneDecisions(t *testing.T) {
	for _, pausing := range []bool{false, true} {
		inWorld(t, func(w *world) {
			s := trio(0)
			_, kids := w.family(s, nil, "a", "b", "c")
			w.send(kids[0], order{actor.ResumeDirective})
			w.send(kids[0], ping{})
			w.is("a supervision.ping")
			if pausing {
				w.send(kids[2], errDown)
			}
			w.send(kids[1], order{actor.StopDirective})
			if len(s.groups.of) > 0 {
				t.Error("a restart is left")
			}
			time.Sleep(time.Hour)
			if got := w.sorted(); !slices.Equal(got, []string{"a Stopped", "a Stopping", "b Stopped", "b Stopping", "c Stopped", "c Stopping"}) {
				t.Error(pausing, got)
			}
			w.noDeadLetters()
		})
	}
}

// Who stops during the pause stays stopped, who comes meanwhile is left alone, and who fails joins.
func TestAllForOneChanges(t *testing.T) {
	inWorld(t, func(w *world) {
		parent, kids := w.family(trio(0), nil, "a", "b", "c")
		w.send(kids[0], errDown)
		w.system.Root.Stop(kids[0])
		w.system.Root.Stop(kids[1])
		synctest.Wait()
		var late []*actor.PID
		w.send(parent, func(c actor.Context) {
			for _, name := range []string{"b", "d", "e"} {
				pid, err := c.SpawnNamed(w.props("new "+name, nil), name)
				if err != nil {
					panic(err)
				}
				late = append(late, pid)
			}
		})
		w.send(late[0], errDown)
		w.forget()
		time.Sleep(time.Hour)
		for _, name := range []string{"new b", "new d", "new e", "c"} {
			if w.count(name+" Restarting") != 1 {
				t.Error(name, w.noted())
			}
		}
		w.forget()
		w.send(kids[2], errDown)
		w.send(parent, func(c actor.Context) { c.Spawn(w.props("new f", nil)) })
		w.send(late[1], errDown) // so that they are looked at again
		w.forget()
		time.Sleep(time.Hour)
		for _, name := range []string{"new b", "new d", "new e", "new f", "c"} {
			if w.count(name+" Restarting") != 1 {
				t.Error(name, w.noted())
			}
		}
		w.noDeadLetters()
	})
}

// As guardian it must not crash the process: it is a Backoff there, and complains once.
func TestAllForOneAsGuardian(t *testing.T) {
	inWorld(t, func(w *world) {
		s := trio(1)
		first, second := w.root("a", s, nil), w.root("b", s, nil)
		w.forget()
		w.send(first, errDown)
		time.Sleep(time.Hour)
		w.is("a Restarting", "a Started")
		w.send(second, errDown) // its own first
		time.Sleep(time.Hour)
		w.is("b Restarting", "b Started")
		w.send(second, errDown)
		w.is("b Stopping", "b Stopped")
		if l := w.logged(); len(l) != 1 || !strings.Contains(l[0], "WithSupervisor") {
			t.Error(l)
		}
		w.noDeadLetters()
	})
}
