package socket

import (
	"fmt"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// patience is how long those who wait for an answer are left waiting by a socket that is stopping.
const patience = 50 * time.Millisecond

// UnsentError is the reason of a socket that was poisoned and could not send all it had within its
// linger. The messages themselves went back to their senders, or to the dead letters.
type UnsentError struct {
	Messages int
	Bytes    int
}

func (e *UnsentError) Error() string {
	return fmt.Sprintf("%d messages (%d bytes) could not be sent within the linger", e.Messages, e.Bytes)
}

// condemn seals the box of an actor that is being stopped: by its supervisor after a failure, which is the reason
// then, or on request.
func (b *box) condemn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.condemned = true
	b.meter.enter(StateStopping)
	if b.sealed == nil {
		b.sealed = b.failure
	}
	if b.sealed == nil {
		b.sealed = messages.ErrStopped
	}
}

// excuse answers everybody who still waits for a socket that is stopping. What somebody has Put is
// sent all the same while there is time; a request is not, for nobody would read its reply. It runs
// on a goroutine of its own.
func (b *box) excuse() {
	b.mu.Lock()
	why, turned := b.sealed, b.waiting
	b.waiting = nil
	b.mu.Unlock()
	b.careful(func() { b.turnAway(turned) })
	b.mu.Lock()
	puts, others := b.quit()
	b.mu.Unlock()
	b.kick() // a request may have been on its turn
	b.tell(puts, messages.ErrFlushing)
	b.tell(others, why)
}

func (b *box) tell(waiting []*actor.PID, why error) {
	for _, pid := range waiting {
		b.careful(func() { b.system.Root.Send(pid, b.farewell(why)) })
	}
}

// quit ends every wait and says whose they were. Caller holds mu.
func (b *box) quit() (puts, others []*actor.PID) {
	for o := range b.calls {
		if o.put() {
			puts = append(puts, o.pid)
		} else {
			o.gone.Store(true)
			others = append(others, o.pid)
		}
	}
	clear(b.calls)
	clear(b.callers)
	clear(b.asked)
	for _, r := range b.requests {
		if !r.gone && r.from != nil {
			others = append(others, r.from)
		}
	}
	b.requests = nil
	for _, w := range b.peers.waiting {
		others = append(others, w.to)
	}
	b.peers.waiting = nil
	b.marks = slices.DeleteFunc(b.marks, func(m mark) bool {
		waits := m.of == nil && m.pill == nil && messages.Waits(m.to)
		if waits {
			puts = append(puts, m.to)
		}
		return waits
	})
	return puts, others
}

// shut is Stopping: from here on nothing is sent, read or accepted, and everybody who waits is
// answered. Nothing here may panic (facts P8), so users' code is called guarded.
func (s *socket) shut(c actor.Context) {
	for _, pid := range s.receiverPIDs() {
		c.Unwatch(pid)
	}
	s.cease(s.why())
	s.unadvertise()
	s.unfollowAll()
	left, waiting, carried := s.withdraw()
	s.refuseCarried(carried)
	messages.Bury(s.system, s.self, s.reason)
	if s.thread != nil {
		c.Send(s.thread.PID(), &zmqthread.Close{Owner: s.self})
	}
	s.returnOutbox(left, waiting, s.why())
	s.returnInbox()
	s.answerEverybody(s.why())
	s.tellEvents()
	s.part()
	s.roster.leave(s.box, s.reason)
	s.system.ProcessRegistry.Remove(s.answers)
	if s.box.events.to != nil {
		s.system.ProcessRegistry.Remove(s.box.events.to)
	}
}

func (s *socket) why() error {
	if s.reason == nil {
		return messages.ErrStopped
	}
	return s.reason
}

// cease makes the box refuse everything. Once it has the sending lock the thread has seen it.
func (b *box) cease(why error) {
	b.mu.Lock()
	if b.sealed == nil {
		b.sealed = why
	}
	b.stopped = true
	b.meter.enter(StateStopped)
	b.finalLinger = b.lastLinger()
	b.parting.Store(1)
	if b.link.Load() != nil {
		b.parting.Store(2) // the thread has not said its last word
	}
	for _, t := range []*time.Timer{b.alarm, b.last} {
		if t != nil {
			t.Stop()
		}
	}
	b.mu.Unlock()
}

// withdraw takes what was not sent out of the outbox, and notes that a Poison had no more time for it.
func (s *socket) withdraw() (left []*queue, waiting []*offer, carried []*carried) {
	s.sending.Lock() // at most one native call
	defer s.sending.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lapsed && s.queued > 0 && s.reason == nil {
		s.reason = &UnsentError{s.queued, s.bytes}
	}
	for _, a := range s.asides.byPeer {
		left = append(left, &a.queue)
	}
	s.asides, s.aside = asides{byPeer: map[string]*aside{}}, nil
	left, waiting = append(left, s.out, s.in), s.waiting
	s.out, s.in, s.waiting = &queue{}, &queue{}, nil
	s.books.dead += uint64(s.queued)
	s.queued, s.bytes, s.apart, s.barrier = 0, 0, 0, 0
	s.passed, s.head = s.tail, s.tail
	carried, s.again = s.again, nil
	return left, waiting, carried
}

// returnOutbox gives back what was not sent: to those who wait for it, and to the dead letters.
func (b *box) returnOutbox(left []*queue, waiting []*offer, why error) {
	for _, q := range left {
		for q.count > 0 {
			m, o, _ := q.pop()
			m = b.asSent(m)
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
	parked := b.parked
	b.inbox, b.parked = nil, nil
	b.books.undelivered += uint64(b.held)
	b.held = 0
	b.mu.Unlock()
	for _, a := range parked {
		b.careful(func() { b.system.DeadLetter.SendUserMessage(b.self, a.message) })
	}
	b.deadLetters(parcels)
}

func (b *box) deadLetters(parcels []parcel) {
	for _, p := range parcels {
		p.unpack()
		if p.rest == nil {
			p.rest = p.batch.Messages()
		}
		for _, m := range p.rest {
			if b.tails() {
				b.cutTail(m)
			}
			b.careful(func() { b.system.DeadLetter.SendUserMessage(b.self, m) })
		}
	}
}

// answerEverybody: nobody may wait for an actor that is gone.
func (b *box) answerEverybody(why error) {
	b.mu.Lock()
	puts, waiting := b.quit()
	waiting = append(waiting, puts...)
	marks, letters := b.marks, b.letters
	b.marks, b.letters = nil, nil
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
	for _, do := range b.desired.pending {
		if do.For != nil {
			waiting = append(waiting, do.For)
		}
	}
	b.tell(waiting, why)
}

// part is called by the actor and by the thread when they have booked all they had; the last of them
// reports.
func (b *box) part() {
	if b.parting.Add(-1) == 0 {
		go b.reportStop(b.reason) // not on the thread; reason does not change any more
	}
}

// reportStop tells Events the end of the story.
func (b *box) reportStop(reason error) {
	b.logEnd(reason)
	stopped := &Stopped{Reason: reason, Ledger: b.ledger()}
	b.roster.tell(b.self, stopped)
	if b.cfg.Events != nil && b.wrong == nil {
		b.tellMissed()
		b.careful(func() { b.system.Root.RequestWithCustomSender(b.cfg.Events, stopped, b.self) })
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
