package supervision

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// handClock moves when it is told to, while nothing else is under way.
type handClock struct {
	now   time.Time
	calls []*handTimer
	late  bool // its timers cannot be stopped
}

type handTimer struct {
	clock   *handClock
	at      time.Time
	f       func()
	stopped bool
}

func (t *handTimer) Stop() bool {
	was := !t.stopped && !t.clock.late
	t.stopped = t.stopped || was
	return was
}

func (c *handClock) Now() time.Time { return c.now }

func (c *handClock) AfterFunc(d time.Duration, f func()) Timer {
	t := &handTimer{clock: c, at: c.now.Add(d), f: f}
	c.calls = append(c.calls, t)
	return t
}

// pass lets time pass until the next timer, and returns how long that was, or 0 if there was none.
func (c *handClock) pass() time.Duration {
	synctest.Wait()
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
