package socket

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// receiver is an actor that gets what arrives. Guarded by box.mu.
type receiver struct {
	route
	*account
}

// account is how far an actor has got with what it was given, under however many topics. Guarded by
// box.mu.
type account struct {
	sent    uint64    // messages
	touched uint64    // what the last Touch stands for
	acked   uint64    // what the last Touched stood for
	asked   time.Time // when the last Touch was sent
	patient int       // how often it was asked again since it last answered
}

func (r *receiver) is(pid *actor.PID) bool {
	return r.pid.Id == pid.GetId() && r.pid.Address == pid.GetAddress()
}

// addReceiver adds one, with the account that its actor has, or has left when it was detached.
// Caller holds mu.
func (b *box) addReceiver(to route) {
	r := &receiver{route: to, account: &account{}}
	for _, old := range slices.Concat(b.detached, b.receivers) {
		if old.is(to.pid) {
			r.account = old.account
		}
	}
	b.detached = slices.DeleteFunc(b.detached, func(old *receiver) bool { return old.is(to.pid) })
	b.receivers = append(b.receivers, r)
}

// maxDetached bounds whose accounts are kept for when they come back.
const maxDetached = 64

// keepAccount keeps what a receiver still owes. Caller holds mu.
func (b *box) keepAccount(r *receiver) {
	if r.sent > r.acked && len(b.detached) < maxDetached {
		b.detached = append(b.detached, r)
	}
}

func (b *box) creditOf(r *receiver) int { return b.cfg.Window - int(r.sent-r.acked) }

// credit is how many messages may be received now. Caller holds mu.
func (b *box) credit() int {
	if len(b.receivers) == 0 {
		if !b.readsAnyway() {
			return 0
		}
		return b.cfg.Window - b.held
	}
	room := b.creditOf(b.receivers[0])
	for _, r := range b.receivers[1:] {
		c := b.creditOf(r)
		switch {
		case b.cfg.Deliver.mode == toOne && b.cfg.Batch == 0:
			room = max(room, 0) + max(c, 0)
		case b.cfg.Deliver.mode == toOne || b.cfg.Deliver.skip:
			room = max(room, c)
		default:
			room = min(room, c)
		}
	}
	if b.repliesPass() {
		return max(room-b.held, b.cfg.Window-b.held)
	}
	return room - b.held
}

// readsAnyway: replies come on these, and an XPUB that is not read piles up subscriptions.
func (b *box) readsAnyway() bool {
	return b.cfg.Type == Req || b.cfg.Type == Dealer || b.cfg.Type == XPub ||
		b.cfg.OnDead == DropRest && !b.cfg.Deliver.None()
}

// touch asks a receiver how far it has got, once every half window.
func (b *box) touch(r *receiver) {
	b.mu.Lock()
	due := b.untilTouch(r) == 0
	if due {
		r.touched, r.asked = r.sent, b.now
	}
	at := r.sent
	b.mu.Unlock()
	if due {
		b.sendTouch(r, at)
	}
}

// untilTouch is how many messages r gets before it is asked how far it is. Caller holds mu.
func (b *box) untilTouch(r *receiver) int {
	return max(0, max(1, b.cfg.Window/2)-int(r.sent-r.touched))
}

func (b *box) sendTouch(r *receiver, at uint64) {
	b.system.Root.RequestWithCustomSender(r.pid, &actor.Touch{}, b.answerTo(uint32(at)))
}

// lostTouch is how long a receiver with no credit may be silent before it is asked again.
const lostTouch = time.Second

// patience doubles, so that a receiver that hangs for days has no more than a few Touches waiting.
func (a *account) patience() time.Duration { return lostTouch << min(a.patient, 30) }

// touchAgain asks receivers that are out of credit and have been silent for long: a Touch is lost
// when its receiver panics over it.
func (b *box) touchAgain() {
	b.mu.Lock()
	var silent []*receiver
	if b.starved || b.stuck {
		for _, r := range b.receivers {
			if b.creditOf(r) > 0 {
				continue
			}
			if b.now.Sub(r.asked) >= r.patience() {
				r.asked, r.touched = b.now, r.sent
				r.patient++
				silent = append(silent, r)
			}
			b.arm(r.asked.Add(r.patience()))
		}
	}
	b.mu.Unlock()
	for _, r := range silent {
		b.sendTouch(r, r.sent)
	}
}

// touchAll asks every receiver that has not said that it is done. The incarnation before may have
// died over a message that a receiver was charged for and did not get.
func (b *box) touchAll() {
	b.mu.Lock()
	var behind []*receiver
	for _, r := range b.receivers {
		if r.sent > r.acked {
			r.touched, r.asked = r.sent, time.Now()
			behind = append(behind, r)
		}
	}
	b.mu.Unlock()
	for _, r := range behind {
		b.careful(func() { b.sendTouch(r, r.sent) })
	}
}

// touched books an answer: the receiver has processed everything up to the Touch that carried at,
// the low half of its position. A Touch that was lost is made good by the next one.
func (b *box) touched(who *actor.PID, at uint32) {
	b.mu.Lock()
	for _, r := range slices.Concat(b.detached, b.receivers) {
		if !r.is(who) {
			continue
		}
		r.credit(at)
	}
	b.detached = slices.DeleteFunc(b.detached, func(r *receiver) bool { return r.sent == r.acked })
	wake := b.feed()
	post := func() {}
	if b.stuck {
		b.stuck, post = false, b.nudge()
	}
	b.mu.Unlock()
	post()
	if wake {
		b.kick()
	}
}

// credit books that everything up to at, the low half of a position, was processed.
func (a *account) credit(at uint32) {
	if step := int32(at - uint32(a.acked)); step > 0 {
		a.acked, a.patient = min(a.acked+uint64(step), a.sent), 0
	}
}

// feed reports whether the thread waits for the room that there is now. Caller holds mu.
func (b *box) feed() bool {
	if !b.starved || b.credit() < b.least() {
		return false
	}
	b.starved = false
	return true
}
