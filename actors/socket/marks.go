package socket

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"
)

// mark is a position in the accepted stream and what happens when everything before it has left the
// queue: somebody is told, or the actor stops.
type mark struct {
	at      uint64
	to      *actor.PID
	message any
	of      *origin // only if it still waits
	pill    *actor.PoisonPill
}

// mark does m when everything accepted so far has left the queue, and seals the outbox if seal says
// why.
func (b *box) mark(m mark, seal error) {
	b.mu.Lock()
	m.at = b.tail
	if seal != nil && b.sealed == nil {
		b.sealed = seal
	}
	var turned []*offer
	if b.sealed != nil {
		turned, b.waiting = b.waiting, nil
	}
	due := b.head == b.tail
	if !due {
		b.marks = append(b.marks, m)
	} else {
		b.reach(m)
	}
	post := b.nudge()
	b.mu.Unlock()
	post()
	b.turnAway(turned)
}

// reach does what m says. Caller holds mu, and nudges.
func (b *box) reach(m mark) {
	switch {
	case m.pill != nil:
		b.letters = append(b.letters, letter{to: b.self, message: m.pill})
	case m.of == nil || b.finish(m.of):
		b.write(m.to, m.message)
	}
}

// removed books a message as gone from position at of the queue: what is behind it moves up.
// Caller holds mu, and nudges.
func (b *box) removed(at uint64, bytes int) {
	if at == b.passed+1 {
		b.left(1, bytes)
		return
	}
	b.queued, b.bytes, b.tail = b.queued-1, b.bytes-bytes, b.tail-1
	for i := range b.marks {
		if b.marks[i].at >= at {
			b.marks[i].at--
		}
	}
}

// left books messages as gone from the front of the queue. Caller holds mu, and nudges.
func (b *box) left(n, bytes int) {
	b.passed += uint64(n)
	b.gone(n, bytes)
}

// gone books messages as gone, from the front or from what was set aside; it lets waiting senders in
// and reaches the marks that are due. Caller holds mu, and nudges.
func (b *box) gone(n, bytes int) {
	b.queued, b.bytes, b.head = b.queued-n, b.bytes-bytes, b.passed
	if b.barrier > 0 {
		b.head = b.barrier - 1
	}
	b.letIn()
	k := 0
	for k < len(b.marks) && b.marks[k].at <= b.head {
		b.reach(b.marks[k])
		k++
	}
	b.marks = slices.Delete(b.marks, 0, k)
}

// letIn lets those in who have waited for room, first come first served. Caller holds mu, and nudges.
func (b *box) letIn() {
	for len(b.waiting) > 0 && b.fits(b.waiting[0].n, b.waiting[0].bytes) {
		o := b.waiting[0]
		b.waiting[0] = nil
		b.waiting = b.waiting[1:]
		if no, detail := b.accept(o); no != 0 {
			b.books.rejected += uint64(o.n)
			b.finish(o.from)
			b.write(o.from.pid, b.rejection(o.first(), no, detail))
		}
	}
}

// maxTouches bounds the Touches that wait: whoever paces itself by them has one or two under way.
const maxTouches = 1024

// touchesWaiting is how many Touches wait, as far as it matters.
func (b *box) touchesWaiting() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.marks) < maxTouches {
		return 0
	}
	for _, m := range b.marks {
		if m.of == nil && m.pill == nil {
			n++
		}
	}
	return n
}
