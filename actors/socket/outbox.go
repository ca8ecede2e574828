package socket

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// send takes a message, a batch or an offer of either from a sender.
func (b *box) send(x any, from *origin) {
	if m, ok := x.(*messages.Message); ok && from == nil && b.sendOne(m) {
		return
	}
	b.mu.Lock()
	why := b.sealed
	b.mu.Unlock()
	var reason messages.Reason
	var detail string
	if why == nil {
		var o *offer
		if o, reason, detail = b.unwrap(x, from); reason == 0 {
			reason, detail, why = b.admit(o)
		}
	}
	switch {
	case why != nil:
		b.count(&b.books.rejected)
		b.dismiss(x, from, why)
	case reason != 0:
		b.reject(x, from.sender(), reason, detail)
	}
}

// maxOffers bounds the offers that wait for room: whoever does not wait for one can make another.
const maxOffers = 1024

// admit lets o into the queue, lets it wait, or says why not.
func (b *box) admit(o *offer) (no messages.Reason, detail string, sealed error) {
	b.mu.Lock()
	sealed = b.sealed
	var told, free bool
	switch {
	case sealed != nil:
	case b.tripped != "":
		free = b.abandon(o)
		no, detail = messages.Reason_CIRCUIT_OPEN, b.tripped
	case len(b.waiting) == 0 && b.fits(o.n, o.bytes):
		no, detail = b.accept(o)
	case o.from.mayWait() && (o.from.waits || len(b.waiting) < maxOffers):
		b.enroll(o.from)
		b.waiting = append(b.waiting, o)
	case b.cfg.Overflow == DropNewest:
		free = b.abandon(o)
		b.books.accepted += uint64(o.n)
		b.books.discarded[overflow] += uint64(o.n)
	case b.cfg.Overflow == DropOldest:
		no, detail = b.accept(o)
	default:
		free = b.abandon(o)
		no, detail = messages.Reason_FULL, fmt.Sprintf("outbox full: %d messages, %d bytes", b.queued, b.bytes)
	}
	post := func() {}
	if b.cfg.Overflow == DropOldest && b.over() {
		b.trim()
		post = b.nudge()
	}
	if told = !b.told && b.in.count > 0; told {
		b.told = true
	}
	b.mu.Unlock()
	post()
	if told || free {
		b.kick()
	}
	return no, detail, sealed
}

// abandon gives up the request that a refused answer was for, in Lockstep: nothing else would ever
// end it, and the next is not read before that. Caller holds mu.
func (b *box) abandon(o *offer) (free bool) {
	if b.cfg.Lockstep {
		_, free = b.service.take(o.from.requestOf(o.first()))
	}
	return free
}

// fits reports whether there is room. What is larger than the whole outbox fits when it is empty.
// Caller holds mu.
func (b *box) fits(n, bytes int) bool {
	limit := &b.cfg.Outbox
	return b.queued == 0 || b.queued+n <= limit.Messages && b.bytes+bytes <= limit.Bytes
}

func (b *box) over() bool {
	return b.queued > 1 && (b.queued > b.cfg.Outbox.Messages || b.bytes > b.cfg.Outbox.Bytes)
}

// accept packs o. Nothing of it is accepted if one message cannot be addressed. Caller holds mu.
func (b *box) accept(o *offer) (no messages.Reason, detail string) {
	from := o.from
	if o.n > 1 && (b.cfg.Type == Rep || from.answers() != 0) {
		return messages.Reason_NO_REQUEST, "a request has one answer, and this is a batch of several"
	}
	for _, it := range o.items {
		prefix, body, no := b.pattern.address(b, it.m, from)
		if no != 0 {
			return no, b.addressee(no)
		}
		if b.tails() {
			body = b.tailed(prefix, body, from)
		}
		if o.pack == nil {
			size := sizeOf(prefix) + sizeOf(body)
			b.in.push(prefix, body, size, o.kept())
			b.bytes += size
		}
	}
	switch {
	case o.pack != nil:
		b.in.join(o.pack)
		b.bytes += o.bytes
	case o.batch != nil:
		b.in.pushBatch(o.batch, o.kept())
		b.bytes += o.bytes
	}
	b.entered(o.n)
	b.enlist(o)
	return 0, ""
}

// entered books n messages as accepted. Caller holds mu.
func (b *box) entered(n int) {
	b.queued += n
	b.tail += uint64(n)
	b.books.accepted += uint64(n)
}

// enlist notes what an accepted offer's sender waits for. Caller holds mu.
func (b *box) enlist(o *offer) {
	from := o.from
	switch {
	case from.sender() == nil:
	case from.offers && from.accept:
		b.finish(from)
		b.write(from.pid, &messages.Taken{})
	case from.offers && b.addressed(): // it does not wait for what is for others
		b.enroll(from)
		from.pending = o.n
	case from.offers:
		b.enroll(from)
		b.marks = append(b.marks, mark{at: b.tail, to: from.pid, message: &messages.Taken{}, of: from})
	case from.asks():
		b.enroll(from)
	}
}

func (b *box) addressee(no messages.Reason) string {
	switch no {
	case messages.Reason_UNSUPPORTED:
		return known[b.cfg.Type] + " has no reply to wait for"
	case messages.Reason_NO_REQUEST:
		return "no such request: never received, answered already, or given up"
	case messages.Reason_MALFORMED:
		if b.cfg.Type == XSub {
			return "a frame of several begins with 0 or 1, which XSUB takes for a subscription"
		}
		return "a message on " + known[b.cfg.Type] + " is an identity and what it gets"
	}
	return ""
}

// reject returns x to its sender, or to the dead letters when it has none. Not on the thread.
func (b *box) reject(x any, from *actor.PID, reason messages.Reason, detail string) {
	b.count(&b.books.rejected)
	b.giveBack(x, from, reason, detail)
}

func (b *box) count(n *uint64) {
	b.mu.Lock()
	*n++
	b.mu.Unlock()
}

func sizeOf(frames [][]byte) (n int) {
	for _, f := range frames {
		n += len(f)
	}
	return n
}

// giveBack does it without counting.
func (b *box) giveBack(x any, from *actor.PID, reason messages.Reason, detail string) {
	if of, ok := x.(*messages.Offer); ok {
		if x = any(of.GetMessage()); of.GetMessage() == nil {
			x = of.GetBatch()
		}
	}
	if from == nil {
		b.system.DeadLetter.SendUserMessage(b.self, x)
		return
	}
	b.system.Root.Send(from, b.rejection(x, reason, detail))
}

func (b *box) rejection(x any, reason messages.Reason, detail string) *messages.Rejected {
	r := &messages.Rejected{Reason: reason, Detail: b.self.GetId() + ": " + detail}
	r.Message, _ = x.(*messages.Message)
	r.Batch, _ = x.(*messages.Batch)
	return r
}

func describe(x any) string { return fmt.Sprintf("a socket does not take a %T", x) }
