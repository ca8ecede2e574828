package supervision

import (
	"errors"
	"fmt"
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
			long = fail() > 10*time.Minute || long
			c.now = c.now.Add(5 * time.Second)
		}
		if w.count("a Stopped") != 0 || !long {
			t.Error("stopped, or never a long pause")
		}
		c.now = c.now.Add(5 * time.Second)
		if d := fail(); d > time.Second {
			t.Error("after a window of quiet the pause is", d)
		}
	})
}

// A tally keeps no more than it needs.
func TestTally(t *testing.T) {
	var x tally
	now := time.Now()
	for i := range 100 {
		if n, row := x.add(now, time.Hour, 7); n != min(i+1, 7) || row != i+1 || len(x.recent) > 7 {
			t.Error(i, n, row, len(x.recent))
		}
	}
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
			w.send(pid, ping{}) // must wait for the restart
		}
		if w.count("a Terminated") != 5 || w.count("a Restarting") != 0 || w.count("a supervision.ping") != 0 {
			t.Fatal(w.noted())
		}
		time.Sleep(2 * time.Hour)
		if w.count("a Restarting") != 1 || w.count("a supervision.ping") != 5 {
			t.Error(w.noted())
		}
		w.forget()
		w.send(pid, errDown)
		w.is("a Stopping", "a Stopped")
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
