package socket

import (
	"time"

	"github.com/sockeye-mq/sockeye/messages"
)

// A reply must not wait behind a message for a receiver that is full or not there yet. So a Req or a
// Dealer is read for another window of messages then; those for receivers are parked, in order, and
// replies go to whoever asked.

// repliesPass reports whether b is such a socket.
func (b *box) repliesPass() bool { return b.cfg.Type == Req || b.cfg.Type == Dealer }

// park puts a aside if it has to wait.
func (b *box) park(a arrival) bool {
	if !b.repliesPass() || a.asker != nil || a.drop != delivered || len(b.parked) == 0 && !b.noCredit() {
		return false
	}
	b.parked = append(b.parked, a)
	return true
}

// noCredit reports whether what has no asker has to wait: for credit, or for a receiver to be
// attached (HoldBack).
func (b *box) noCredit() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.receivers) == 0 {
		return b.cfg.OnDead == HoldBack && !b.cfg.Deliver.None()
	}
	if b.stuck = !b.takes(1); b.stuck {
		b.arm(time.Now().Add(lostTouch))
	}
	return b.stuck
}

// unpark hands over what was parked, as far as the credit goes.
func (b *box) unpark() {
	for len(b.parked) > 0 && !b.noCredit() {
		a := b.parked[0]
		b.parked = b.parked[1:]
		if b.cfg.Batch > 0 {
			b.handOverParked(a)
			continue
		}
		b.bookDispatch(a)
	}
}

func (b *box) handOverParked(a arrival) {
	t := ticket{box: b, n: 1}
	defer t.end()
	batch := messages.NewBatch()
	batch.Append(a.message.Frames...)
	t.close(b.deliverBatch(b.choose(a.message, 1), batch, &t))
}

// bookDispatch counts a panic, too.
func (b *box) bookDispatch(a arrival) {
	t := ticket{box: b, n: 1}
	defer t.end()
	t.close(b.dispatch(a, &t))
}
