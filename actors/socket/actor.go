package socket

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// socket is one incarnation of the actor: it opens, it fails, it closes. Everything that must
// outlive it is in the box.
type socket struct {
	*box
	open   *zmqthread.Open // what was asked of the thread
	opened bool
}

// Receive runs on the actor's goroutine, as any actor's does.
func (s *socket) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		s.start(c)
	case *nudge:
		s.work()
		s.serveRequests(c)
		s.keepUp(c)
	case *zmqthread.Opened:
		s.onOpened(c, m)
	case *zmqthread.Failed:
		s.onFailed(c, m)
	case *zmqthread.Did:
		s.did(c, m)
	case *actor.DeadLetterResponse:
		// It does not say whose: a receiver's, or the poll actor's.
		if _, runs := s.system.ProcessRegistry.GetLocal(s.thread.PID().Id); !s.opened && !runs {
			s.stop(c, zmqthread.ErrShutdown)
		}
	case *actor.Terminated:
		s.receiverGone(c, m.Who)
	case *actor.Stopping:
		s.shut(c)
	}
}

func (s *socket) start(c actor.Context) {
	if s.wrong != nil {
		s.stop(c, s.wrong)
		return
	}
	if s.lost {
		s.stop(c, errors.Join(zmqthread.ErrAdopted, s.reason))
		return
	}
	s.mu.Lock()
	s.meter.incarnations++
	s.meter.enter(StateOpening)
	s.mu.Unlock()
	for _, pid := range s.receiverPIDs() {
		c.Watch(pid)
	}
	s.touchAll()
	open, err := s.opening()
	if err != nil {
		s.stop(c, err)
		return
	}
	s.open = open
	c.Request(s.thread.PID(), s.open)
	// The incarnation before may have died over a nudge.
	s.mu.Lock()
	s.nudged = false
	post := s.box.nudge()
	s.mu.Unlock()
	post()
}

func (s *socket) onOpened(c actor.Context, m *zmqthread.Opened) {
	if m.Of != s.open {
		return // an earlier incarnation's
	}
	s.opened, s.reason = true, nil
	s.desired.opened(m.Bound)
	s.publish()
	s.mu.Lock()
	s.tripped, s.failure = "", nil
	switch {
	case s.sealed == nil:
		s.meter.enter(StateOpen)
	case !s.condemned:
		s.meter.enter(StateDraining)
	}
	if !m.Kept {
		s.meter.opens++
	}
	again := s.meter.incarnations > 1
	s.event(&Opened{Endpoints: m.Bound, Kept: m.Kept})
	s.mu.Unlock()
	if again {
		s.system.Logger().Info("sockeye: socket open again", "socket", s.self, "kept", m.Kept, "bound", m.Bound)
	}
	s.kick() // what was sent before there was a link to kick
	if !m.Kept {
		s.newInstance()
	}
	s.advertise()
	for _, name := range namesOf(s.desired.connect) {
		s.follow(name)
	}
	if !m.Kept {
		s.reconnect(c)
	}
	s.tellEvents()
	s.serveRequests(c)
	s.keepUp(c)
}

func (s *socket) onFailed(c actor.Context, m *zmqthread.Failed) {
	if m.Of != s.open {
		return
	}
	if s.cfg.adopted() && !m.Kept {
		s.lost = true
	}
	if errors.Is(m.Err, zmqthread.ErrShutdown) || s.lost {
		s.stop(c, m.Err)
		return
	}
	s.fail(c, m.Err, m.Kept, m)
}

// fail lets the supervisor decide. Events is told first: from here on the actor is suspended.
func (s *socket) fail(c actor.Context, err error, kept bool, message any) {
	s.opened, s.reason = false, err
	if !kept {
		s.unadvertise()
	}
	class := zmqthread.ClassOf(err)
	s.system.Logger().Warn("sockeye: socket failed", "socket", s.self, "class", class, "kept", kept, "error", err)
	s.mu.Lock()
	s.failure = err
	s.meter.enter(StateFailed)
	s.meter.lastError, s.meter.lastAt = err, time.Now()
	s.event(&Failed{Err: err, Class: class, Kept: kept})
	s.mu.Unlock()
	s.tellEvents()
	if supervisor, ok := c.(actor.Supervisor); ok {
		supervisor.EscalateFailure(err, message)
		return
	}
	panic(err) // a context decorator hides the supervisor
}

// failOnPurpose carries out Fail.
func (s *socket) failOnPurpose(c actor.Context, m *Fail) {
	err := m.Err
	if err == nil {
		err = errOnPurpose
	}
	if m.Kept {
		s.fail(c, err, true, m)
		return
	}
	s.mu.Lock()
	s.trouble(err)
	s.mu.Unlock()
	s.kick()
}

var errOnPurpose = errors.New("failed on purpose")

// stop ends the actor for a reason that a restart would only repeat.
func (s *socket) stop(c actor.Context, why error) {
	s.reason = why
	s.mu.Lock()
	if s.sealed == nil {
		s.sealed = why
	}
	s.mu.Unlock()
	c.Stop(c.Self())
}

// ErrReceiverGone is why a socket stops whose receiver has died.
var ErrReceiverGone = errors.New("a receiver has stopped")

func (s *socket) receiverGone(c actor.Context, who *actor.PID) {
	found := s.detach(c, who)
	s.mu.Lock()
	s.box.detached = slices.DeleteFunc(s.box.detached, func(r *receiver) bool { return r.is(who) })
	s.mu.Unlock()
	if !found {
		return
	}
	if s.cfg.OnDead == StopSocket {
		s.stop(c, fmt.Errorf("%w: %s", ErrReceiverGone, who.Id))
	}
}

func (b *box) receiverPIDs() (pids []*actor.PID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.receivers {
		pids = append(pids, r.pid)
	}
	return pids
}

// Reason says why the last socket with this PID stopped: the failure its supervisor gave up on, or
// a *ConfigError, or an *UnsentError. nil: it lives, or was stopped on request.
func Reason(ctx context.Context, sender actor.SenderContext, pid *actor.PID) error {
	_, err := messages.Call(ctx, sender, pid, askEndpoints{})
	var dead *messages.Dead
	if errors.As(err, &dead) && dead.Reason != messages.ErrStopped { // what it says while it stops on request
		return dead.Reason
	}
	return nil
}
