package socket

import (
	"github.com/asynkron/protoactor-go/actor"
)

// Bounds of what waits for Config.Events: in the box, and in the mailbox of the actor that gets it,
// whose credit is a Touch every half window, as for receivers.
const (
	maxEvents   = 1024
	eventWindow = 512
)

// events is what waits for Config.Events. Guarded by box.mu.
type events struct {
	to      *actor.PID // who answers the Touches; see eventAnswers
	waiting []any
	missed  uint64
	account
}

// event queues an event. Caller holds mu, and nudges.
func (b *box) event(e any) {
	if b.stopped {
		return
	}
	b.roster.tell(b.self, e)
	if b.cfg.Events == nil {
		return
	}
	q := &b.events
	if len(q.waiting) >= maxEvents {
		q.waiting[0] = nil
		q.waiting = q.waiting[1:]
		q.missed++
	}
	q.waiting = append(q.waiting, e)
}

// tellEvents delivers what waits, in the actor, as far as the credit goes.
func (b *box) tellEvents() {
	for {
		e, touch := b.nextEvent()
		if e != nil {
			b.careful(func() { b.system.Root.RequestWithCustomSender(b.cfg.Events, e, b.self) })
		}
		if touch != 0 {
			b.careful(func() {
				b.system.Root.RequestWithCustomSender(b.cfg.Events, &actor.Touch{},
					&actor.PID{Address: b.events.to.Address, Id: b.events.to.Id, RequestId: touch})
			})
		}
		if e == nil {
			return
		}
	}
}

// nextEvent is the next that there is credit for, and the position to touch behind it.
func (b *box) nextEvent() (e any, touch uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q := &b.events
	if q.sent-q.acked >= eventWindow {
		if b.now.Sub(q.asked) >= q.patience() && len(q.waiting) > 0 { // a Touch is lost when an actor panics over it
			touch, q.touched, q.asked = uint32(q.sent), q.sent, b.now
			q.patient++
			b.arm(q.asked.Add(q.patience()))
		}
		return nil, touch
	}
	switch {
	case q.missed > 0:
		e, q.missed = &Missed{q.missed}, 0
	case len(q.waiting) > 0:
		e, q.waiting = q.waiting[0], q.waiting[1:]
	default:
		return nil, 0
	}
	if q.sent++; q.sent-q.touched >= eventWindow/2 {
		touch, q.touched, q.asked = uint32(q.sent), q.sent, b.now
		b.arm(q.asked.Add(lostTouch))
	}
	return e, touch
}

// tellMissed says how many events are left, when there is nobody any more to tell them.
func (b *box) tellMissed() {
	b.mu.Lock()
	q := &b.events
	n := q.missed + uint64(len(q.waiting))
	q.waiting, q.missed = nil, 0
	b.mu.Unlock()
	if n > 0 {
		b.careful(func() { b.system.Root.RequestWithCustomSender(b.cfg.Events, &Missed{n}, b.self) })
	}
}

// eventAnswers is the process that the Touches among the events are answered to. If Events dies, so
// does the answer: what waits then is dropped, like what would be sent to it.
type eventAnswers struct{ box *box }

// SendUserMessage implements actor.Process.
func (a *eventAnswers) SendUserMessage(pid *actor.PID, x any) {
	b := a.box
	_, msg, _ := actor.UnwrapEnvelope(x)
	switch msg.(type) {
	case *actor.Touched, *actor.DeadLetterResponse:
	default:
		return
	}
	b.mu.Lock()
	b.events.credit(pid.GetRequestId())
	post := b.nudge()
	b.mu.Unlock()
	post()
}

// SendSystemMessage implements actor.Process.
func (*eventAnswers) SendSystemMessage(*actor.PID, any) {}

// Stop implements actor.Process.
func (*eventAnswers) Stop(*actor.PID) {}
