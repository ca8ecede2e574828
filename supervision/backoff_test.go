package supervision

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// supervisor notes what a strategy does, and when.
type supervisor struct {
	mu  sync.Mutex
	all []string // guarded by mu
}

func (s *supervisor) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, what)
}

func (s *supervisor) did() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.all)
}

func (s *supervisor) Children() []*actor.PID        { return nil }
func (s *supervisor) EscalateFailure(any, any)      { s.note("escalate") }
func (s *supervisor) RestartChildren(...*actor.PID) { s.note("restart") }
func (s *supervisor) StopChildren(...*actor.PID)    { s.note("stop") }
func (s *supervisor) ResumeChildren(...*actor.PID)  { s.note("resume") }

var system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}))

var child = actor.NewPID("nonhost", "child")

func (s *supervisor) fail(b *Backoff, reason any) {
	b.HandleFailure(system, s, child, nil, reason, nil)
}

// The pauses double up to the cap, each between half of it and all of it.
func TestPauses(t *testing.T) {
	b := &Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second}
	for n, want := range []time.Duration{1: 100, 2: 200, 3: 400, 4: 800, 5: 1600, 6: 3200, 7: 5000, 31: 5000, 63: 5000, 1000: 5000} {
		if n == 0 || want == 0 {
			continue
		}
		want *= time.Millisecond
		least, most := time.Duration(math.MaxInt64), time.Duration(0)
		for range 1000 {
			p := b.pause(n)
			least, most = min(least, p), max(most, p)
		}
		if least < want/2 || most > want || most-least < want/4 {
			t.Errorf("failure %d: pauses from %v to %v, want %v to %v", n, least, most, want/2, want)
		}
	}
}

// A failed actor is restarted after the pause, not before, and stops after Retries.
func TestRestartThenStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &supervisor{}
		b := &Backoff{Min: time.Second, Max: 4 * time.Second, Retries: 3, Window: time.Minute}
		for i, pause := range []time.Duration{1, 2, 4} {
			s.fail(b, errors.New("down"))
			synctest.Wait()
			if len(s.did()) != i {
				t.Fatal("at once:", s.did())
			}
			time.Sleep(pause*time.Second + time.Millisecond)
			synctest.Wait()
			if len(s.did()) != i+1 || s.did()[i] != "restart" {
				t.Fatal(s.did())
			}
		}
		s.fail(b, errors.New("down"))
		synctest.Wait()
		if s.did()[3] != "stop" {
			t.Fatal(s.did())
		}
	})
}

// Failures that are a window apart never add up, and the pause starts again at Min.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &supervisor{}
		b := &Backoff{Min: time.Second, Max: time.Second, Retries: 1, Window: 10 * time.Second}
		for range 20 {
			s.fail(b, errors.New("down"))
			time.Sleep(11 * time.Second)
		}
		synctest.Wait()
		for _, d := range s.did() {
			if d != "restart" {
				t.Fatal(s.did())
			}
		}
		if len(s.did()) != 20 {
			t.Fatal(s.did())
		}
	})
}

func TestDecide(t *testing.T) {
	wrapped := func(err error) error { return fmt.Errorf("bind: %w", &zmqthread.OpError{Op: "bind", Err: err}) }
	for _, c := range []struct {
		reason any
		want   actor.Directive
	}{
		{wrapped(syscall.EADDRINUSE), actor.RestartDirective},
		{wrapped(syscall.EMFILE), actor.RestartDirective},
		{wrapped(syscall.ENOBUFS), actor.RestartDirective},
		{&zmqthread.PanicError{Value: "x"}, actor.RestartDirective},
		{"a panic with a string", actor.RestartDirective},
		{wrapped(syscall.EINVAL), actor.StopDirective},
		{wrapped(syscall.EPROTONOSUPPORT), actor.StopDirective},
		{wrapped(zmq.ENOCOMPATPROTO), actor.StopDirective},
		{wrapped(zmq.ETERM), actor.StopDirective},
		{wrapped(syscall.ENOTSOCK), actor.StopDirective},
		{fmt.Errorf("x: %w", messages.ErrConfig), actor.StopDirective},
		{zmqthread.ErrShutdown, actor.StopDirective},
	} {
		if got := Decide(c.reason); got != c.want {
			t.Errorf("%v: %v, want %v", c.reason, got, c.want)
		}
	}
	s := &supervisor{}
	s.fail(&Backoff{Decide: func(any) actor.Directive { return actor.ResumeDirective }}, errors.New("x"))
	s.fail(&Backoff{Decide: func(any) actor.Directive { return actor.EscalateDirective }}, errors.New("x"))
	s.fail(&Backoff{}, wrapped(syscall.EINVAL))
	if fmt.Sprint(s.did()) != "[resume escalate stop]" {
		t.Error(s.did())
	}
}

// A strategy that supervises many short-lived children does not grow without bound.
func TestForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &Backoff{Window: time.Second}
		for i := range 5000 {
			b.fail(actor.NewPID("", fmt.Sprint(i)))
			time.Sleep(10 * time.Millisecond)
		}
		if n := len(b.failures); n > 1100 {
			t.Error(n, "children remembered")
		}
	})
}
