package socket

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// parcel is what one native call received.
type parcel struct {
	batch *messages.Batch
	large zmqthread.Large     // instead of batch, until it is unpacked
	asker *origin             // whom it answers (REQ)
	rest  []*messages.Message // unpacked and not handed over yet
}

// work is the actor's turn on its box: answers, then what was received, then what was given up.
func (b *box) work() {
	b.mu.Lock()
	b.nudged = false
	lost, handshakes := b.books.lost(), b.meter.failedHandshakes
	b.mu.Unlock()
	b.now = time.Now()
	b.logLosses(lost, handshakes)
	b.deliverLetters()
	b.handOver()
	b.giveUp()
	b.tellEvents()
	b.touchAgain()
}

// giveUp ends requests that nobody may answer any more, and has Events told of them.
func (b *box) giveUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	given := b.unanswered
	b.unanswered = nil
	if b.service != nil {
		given = append(given, b.service.expire(b.now)...)
		if b.service.first != nil {
			b.arm(b.service.first.due)
		}
	}
	for _, id := range given {
		if b.cfg.Type == Rep {
			b.event(&Unanswered{id})
		}
	}
}

// deliverLetters delivers letters one by one: what a user's code does with one must not lose the next.
func (b *box) deliverLetters() {
	for {
		b.mu.Lock()
		if len(b.letters) == 0 {
			b.mu.Unlock()
			return
		}
		l := b.letters[0]
		b.letters = slices.Delete(b.letters, 0, 1)
		b.mu.Unlock()
		b.deliverLetter(l)
	}
}

func (b *box) deliverLetter(l letter) {
	if pill, ok := l.message.(*actor.PoisonPill); ok {
		b.Mailbox.PostUserMessage(pill)
		return
	}
	if l.to == nil {
		b.system.DeadLetter.SendUserMessage(b.self, l.message)
		return
	}
	b.system.Root.Send(l.to, l.message)
}

// handOver gives what was received to whom it is for. It runs users' code (middleware, mailboxes),
// so it keeps its place in the box: after a panic the next incarnation goes on behind the message
// that caused it, which is counted as dropped.
func (b *box) handOver() {
	if b.halted.Load() || b.holdsBack() {
		return
	}
	b.unpark()
	direct := b.direct()
	for !b.halted.Load() && b.fetch() {
		p := &b.current
		if !b.unpackLarge(p) {
			b.current = parcel{}
			continue
		}
		if b.cfg.Batch > 0 && p.rest == nil {
			if !b.repliesPass() && b.mustWait(int(p.batch.Count)) {
				return
			}
			b.handOverBatch()
			continue
		}
		if p.rest == nil {
			p.rest = p.batch.Messages()
		}
		for len(p.rest) > 0 {
			if direct && b.handOverRun(p) {
				continue
			}
			if !b.repliesPass() && b.mustWait(1) {
				return
			}
			m := p.rest[0]
			p.rest = p.rest[1:]
			b.handOverOne(m, p.asker)
		}
		b.current = parcel{}
	}
}

// holdsBack reports whether what has arrived waits for a receiver to be attached.
func (b *box) holdsBack() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.receivers) == 0 && !b.readsAnyway()
}

// fetch makes sure that there is a current parcel.
func (b *box) fetch() bool {
	if b.current.batch != nil {
		if b.current.rest == nil || len(b.current.rest) > 0 {
			return true
		}
		b.current = parcel{} // finished by a panic over its last message
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.inbox) == 0 || b.stopped {
		return false
	}
	b.current = b.inbox[0]
	if rest, more := b.cut(&b.current); more {
		b.inbox[0] = rest
	} else {
		b.inbox = slices.Delete(b.inbox, 0, 1)
	}
	return true
}

func (b *box) handOverOne(m *messages.Message, asker *origin) {
	t := ticket{box: b, n: 1}
	defer t.end()
	a := arrival{message: m, asker: asker}
	if asker == nil {
		a = b.arrived(m)
	}
	if b.park(a) {
		t.close(waiting)
		return
	}
	t.close(b.dispatch(a, &t))
}

// dispatch says what has become of an arrival.
func (b *box) dispatch(a arrival, t *ticket) reason {
	if a.drop != delivered {
		return a.drop
	}
	if a.asker != nil {
		return b.reply(a.asker, a.message, t)
	}
	to := b.choose(a.message, 1)
	if len(to) == 0 {
		return b.undeliverable(a.message)
	}
	t.deliver()
	for _, r := range to {
		b.deliver(r.pid, a)
		b.touch(r)
	}
	return delivered
}

// reply gives an asker its reply.
func (b *box) reply(o *origin, m *messages.Message, t *ticket) reason {
	b.mu.Lock()
	wanted := !o.waits || b.finish(o)
	b.mu.Unlock()
	if !wanted {
		return late
	}
	t.deliver()
	b.deliver(o.pid, arrival{message: m, trace: o.trace})
	return delivered
}

// undeliverable: nobody is there for it. A reply that nobody asked for is a dead letter.
func (b *box) undeliverable(all ...*messages.Message) reason {
	b.mu.Lock()
	nobody := len(b.receivers) == 0
	tooSlow := b.cfg.Deliver.skip && (b.cfg.Deliver.mode != toTopic || b.byTopic(all[0]) != nil)
	b.mu.Unlock()
	switch {
	case !nobody && tooSlow:
		return slow
	case nobody && (b.cfg.Type == Req || b.cfg.Type == Dealer):
		for _, m := range all {
			b.system.DeadLetter.SendUserMessage(b.self, m)
		}
	}
	return unmatched
}

func (b *box) handOverBatch() {
	batch := b.current.batch
	b.current = parcel{}
	if b.cfg.Type == Dealer || b.cfg.Deliver.mode == toTopic {
		b.handOverSorted(batch)
		return
	}
	if skipped := b.cutTails(batch); skipped > 0 {
		if b.book(skipped, tooLarge); batch.Count == 0 {
			return
		}
	}
	n := int(batch.Count)
	t := ticket{box: b, n: n}
	defer t.end()
	batch.Routed = b.cfg.Type == Router || b.cfg.Type == Stream
	t.close(b.deliverBatch(b.choose(nil, n), batch, &t))
}

func (b *box) deliverBatch(to []*receiver, batch *messages.Batch, t *ticket) reason {
	if len(to) == 0 {
		return b.undeliverable(batch.Messages()...)
	}
	t.deliver()
	for i, r := range to {
		copied := batch
		if i < len(to)-1 {
			copied = batch.Clone() // each receiver may release its own
		}
		b.system.Root.RequestWithCustomSender(r.pid, copied, b.self)
		b.touch(r)
	}
	return delivered
}
