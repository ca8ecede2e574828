package fake_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/fake"
	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// trial is a world with one socket, the subject, whose calls fail, and one to talk to. The subject
// has a parent, or else a guardian.
type trial struct {
	*testing.T
	net     *fake.Net
	system  *actor.ActorSystem
	thread  *zmqthread.Thread
	errno   syscall.Errno
	subject *actor.PID
	partner *actor.PID
	typ     zmq.Type
	number  int64         // who is bound where is known to the whole process
	began   time.Time     // of the fault
	command error         // what has answered it
	took    time.Duration // the command

	mu       sync.Mutex
	raw      *zmq.Socket // guarded by mu, as all that follows: the subject's, as of the last open
	toFail   int         // Configure, so many times
	failed   []*socket.Failed
	after    time.Duration // since began: the first of them
	stopped  *socket.Stopped
	kept     bool              // the native socket, at the last open
	decided  []actor.Directive // by the subject's supervisor
	logged   bool              // something about errno, beside failed
	rejected []*messages.Rejected
	sent     []string
	got      map[string]bool // of them
}

// burst is how often a call fails: more often than a bind is tried again.
const burst = 12

// play has the call fail, and says what becomes of the socket and of which class that was.
func (c errorCell) play(t *testing.T) (outcome, class string) {
	bare, _ := c.playUnder(t, false)
	outcome, class = c.playUnder(t, true)
	switch {
	case outcome == bare:
		return outcome, class
	case outcome == "escalates" && bare == "stops":
		return outcome, class
	}
	return fmt.Sprintf("%s; with a guardian: %s", outcome, bare), class
}

func (c errorCell) playUnder(t *testing.T, parent bool) (outcome, class string) {
	synctest.Test(t, func(t *testing.T) {
		s := &trial{T: t, net: fake.New(1, fake.Luck{}), errno: numbers()[c.errno], typ: socket.Dealer, number: trialNumber.Add(1), got: map[string]bool{}}
		s.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(s) }),
			actor.WithDeadLetterThrottleInterval(time.Millisecond))
		s.system.EventStream.Subscribe(func(e any) {
			if e, ok := e.(*actor.SupervisorEvent); ok && strings.HasSuffix(e.Child.Id, subject) {
				s.note(func() { s.decided = append(s.decided, e.Directive) })
			}
		})
		var err error
		if s.thread, err = zmqthread.Start(s.system, zmqthread.Config{Native: s.net}); err != nil {
			t.Fatal(err)
		}
		trials[c.call][c.situation](s, c.call, parent)
		time.Sleep(5 * time.Second)
		s.forgive(c.call)
		outcome = s.outcome()
		class = s.class(outcome)
		if err := s.thread.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if s.stopped == nil {
			t.Fatal("it has not stopped")
		}
		if what := rig.Unbalanced(s.stopped.Ledger); what != "" {
			t.Error(what)
		}
	})
	return outcome, class
}

var trialNumber atomic.Int64

// at is an endpoint of this trial.
func (s *trial) at(name string) string { return fmt.Sprintf("tcp://%s:%d", name, 1+s.number%65000) }

func (s *trial) note(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

const subject = "subject"

// stage spawns the two and lets them meet, if the fault, which begins in between, does.
func (s *trial) stage(parent bool, fault func()) {
	typ := s.typ
	if typ == socket.Sub {
		typ = socket.Push
	}
	partner := socket.Config{Type: typ, Bind: []string{s.at("partner")}, NoMonitor: true}
	if typ == socket.Dealer {
		partner.Deliver = socket.To(s.listener())
	}
	s.partner = s.system.Root.Spawn(socket.Props(s.thread, partner, quick))
	cfg := socket.Config{Type: s.typ, Bind: []string{s.at(subject)}, Connect: []string{s.at("partner")},
		Deliver: socket.To(s.listener()), Events: s.listener(), Configure: s.configure}
	if s.typ == socket.Sub {
		cfg.Subscribe = []string{"to the subject", "and more"}
	}
	synctest.Wait()
	s.began = time.Now()
	fault()
	s.subject = s.spawn(parent, cfg)
}

func (s *trial) configure(z *zmq.Socket) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.raw = z
	if s.toFail == 0 {
		return nil
	}
	s.toFail--
	return &zmqthread.OpError{Op: "set something", Err: native.Error(s.errno)}
}

// spawn spawns the subject, below a parent or with a guardian.
func (s *trial) spawn(parent bool, cfg socket.Config) (pid *actor.PID) {
	restart := func() *supervision.Backoff {
		return &supervision.Backoff{Min: time.Millisecond, Max: time.Millisecond}
	}
	var err error
	if parent {
		s.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
			if _, ok := c.Message().(*actor.Started); ok {
				pid, err = c.SpawnNamed(socket.Props(s.thread, cfg), subject)
			}
		}, actor.WithSupervisor(restart()), actor.WithGuardian(restart())))
	} else {
		pid, err = s.system.Root.SpawnNamed(socket.Props(s.thread, cfg, actor.WithGuardian(restart())), subject)
	}
	synctest.Wait()
	if err != nil {
		s.Fatal(err)
	}
	return pid
}

// listener takes down messages, those that come back, and events.
func (s *trial) listener() *actor.PID {
	return s.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch m := c.Message().(type) {
		case *messages.Message:
			s.got[m.Text()] = true
		case *messages.Rejected:
			s.rejected = append(s.rejected, m)
		case *socket.Failed:
			if s.failed = append(s.failed, m); len(s.failed) == 1 {
				s.after = time.Since(s.began)
			}
		case *socket.Opened:
			s.kept = m.Kept
		case *socket.Stopped:
			s.stopped = m
		}
	}))
}

// native is the subject's socket.
func (s *trial) native() *zmq.Socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw
}

// forgive has calls work again.
func (s *trial) forgive(call string) {
	s.net.Fail(call, 0, 0)
	s.net.FailOn(s.native(), call, 0, 0)
	s.note(func() { s.toFail = 0 })
	time.Sleep(time.Second)
	synctest.Wait()
}

// Handle implements slog.Handler.
func (s *trial) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok && errors.Is(err, native.Error(s.errno)) && r.Message != "sockeye: socket failed" {
			s.note(func() { s.logged = true })
		}
		return true
	})
	return nil
}
func (s *trial) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (s *trial) WithAttrs([]slog.Attr) slog.Handler           { return s }
func (s *trial) WithGroup(string) slog.Handler                { return s }
