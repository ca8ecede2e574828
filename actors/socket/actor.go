package socket

import (
	"context"
	"errors"
	"fmt"
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
	case *zmqthread.Opened:
		s.onOpened(c, m)
	case *zmqthread.Failed:
		s.onFailed(c, m)
	case *zmqthread.Did:
		s.did(c, m)
	case *actor.DeadLetterResponse:
		if !s.opened {
			s.stop(c, zmqthread.ErrShutdown) // nobody runs the thread any more
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
	for _, pid := range s.receiverPIDs() {
		c.Watch(pid)
	}
	s.open = s.opening()
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
	s.kick() // what was sent before there was a link to kick
	s.serveRequests(c)
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
	s.opened, s.reason = false, m.Err
	if supervisor, ok := c.(actor.Supervisor); ok {
		supervisor.EscalateFailure(m.Err, m)
		return
	}
	panic(m.Err) // a context decorator hides the supervisor
}

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
	if !s.detach(c, who) {
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

// shut is Stopping: from here on nothing is sent, read or accepted, and everybody who waits is
// answered. Nothing here may panic (facts P8), so users' code is called guarded.
func (s *socket) shut(c actor.Context) {
	why := s.reason
	if why == nil {
		why = messages.ErrStopped
	}
	for _, pid := range s.receiverPIDs() {
		c.Unwatch(pid)
	}
	messages.Bury(s.system, s.self, s.reason)
	s.cease(why)
	if s.thread != nil {
		c.Send(s.thread.PID(), &zmqthread.Close{Owner: s.self, Linger: s.closeLinger()})
	}
	s.returnOutbox(why)
	s.returnInbox()
	s.answerEverybody(why)
	s.system.ProcessRegistry.Remove(s.answers)
}

// cease makes the box refuse everything. Once it has the sending lock the thread has seen it.
func (b *box) cease(why error) {
	b.mu.Lock()
	if b.sealed == nil {
		b.sealed = why
	}
	b.stopped = true
	for _, t := range []*time.Timer{b.alarm, b.last} {
		if t != nil {
			t.Stop()
		}
	}
	b.mu.Unlock()
}

// returnOutbox gives back what was not sent: to those who wait for it, and to the dead letters.
func (b *box) returnOutbox(why error) {
	b.sending.Lock() // at most one native call
	b.mu.Lock()
	queues := []*queue{b.out, b.in}
	b.out, b.in = &queue{}, &queue{}
	b.books.dead += uint64(b.queued)
	b.queued, b.bytes, b.head = 0, 0, b.tail
	waiting := b.waiting
	b.waiting = nil
	b.mu.Unlock()
	b.sending.Unlock()
	for _, q := range queues {
		for q.count > 0 {
			m, o, _ := q.pop()
			b.mu.Lock()
			if o.expects() && !b.finish(o) {
				o = nil // has its answer, or gave up: a dead letter
			}
			b.mu.Unlock()
			b.careful(func() { b.dismiss(m, o, why) })
		}
	}
	b.careful(func() { b.turnAway(waiting) })
}

// returnInbox hands what was received and not handed over to the dead letters.
func (b *box) returnInbox() {
	b.mu.Lock()
	parcels := b.inbox
	if b.current.batch != nil {
		parcels = append([]parcel{b.current}, parcels...)
		b.current = parcel{}
	}
	b.inbox = nil
	b.books.undelivered += uint64(b.held)
	b.held = 0
	b.mu.Unlock()
	for _, p := range parcels {
		if p.rest == nil {
			p.rest = p.batch.Messages()
		}
		for _, m := range p.rest {
			b.careful(func() { b.system.DeadLetter.SendUserMessage(b.self, m) })
		}
	}
}

// answerEverybody: nobody may wait for an actor that is gone.
func (b *box) answerEverybody(why error) {
	b.mu.Lock()
	var waiting []*actor.PID
	for o := range b.calls {
		waiting = append(waiting, o.pid)
	}
	clear(b.calls)
	clear(b.callers)
	clear(b.asked)
	requests, marks, letters := b.requests, b.marks, b.letters
	b.requests, b.marks, b.letters = nil, nil, nil
	for _, w := range b.peers.waiting {
		waiting = append(waiting, w.to)
	}
	b.peers.waiting = nil
	b.mu.Unlock()
	for _, l := range letters {
		if _, pill := l.message.(*actor.PoisonPill); !pill {
			b.careful(func() { b.deliverLetter(l) })
		}
	}
	for _, m := range marks {
		if m.of == nil && m.to != nil {
			waiting = append(waiting, m.to)
		}
	}
	for _, r := range requests {
		if !r.gone && r.from != nil {
			waiting = append(waiting, r.from)
		}
	}
	for _, do := range b.desired.pending {
		if do.For != nil {
			waiting = append(waiting, do.For)
		}
	}
	for _, pid := range waiting {
		b.careful(func() { b.system.Root.Send(pid, b.farewell(why)) })
	}
}

// farewell is the answer of a socket that stops: its reason, when it has one.
func (b *box) farewell(why error) any {
	return &messages.Dead{PID: b.self, Reason: why}
}

// careful calls code of users (middleware, dead-letter subscribers), whose panic must not turn the
// stop into a restart.
func (b *box) careful(f func()) {
	defer func() {
		if r := recover(); r != nil {
			b.system.Logger().Error("sockeye: panic while a socket stops", "socket", b.self, "panic", r)
		}
	}()
	f()
}

// Reason says why the last socket with this PID stopped: the failure its supervisor gave up on, or
// a *ConfigError. nil: it lives, or was stopped on request.
func Reason(ctx context.Context, sender actor.SenderContext, pid *actor.PID) error {
	_, err := messages.Call(ctx, sender, pid, askEndpoints{})
	var dead *messages.Dead
	if errors.As(err, &dead) {
		return dead.Reason
	}
	return nil
}
