package socket

import (
	"errors"
	"syscall"
	"time"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// This file is zmqthread.Port, but for what comes in, which is arrive.go. All of it runs on the ZeroMQ thread, Met excepted.

var _ zmqthread.Port = (*box)(nil)

// Attached implements zmqthread.Port.
func (b *box) Attached(l *zmqthread.Link) {
	b.mu.Lock()
	fresh := b.link.Swap(l) == nil
	if fresh {
		b.untroubled()
		b.watchPeers()
	}
	b.mu.Unlock()
}

// Outgoing implements zmqthread.Port.
func (b *box) Outgoing() (load zmqthread.Load) {
	if b.resting {
		b.sending.Lock() // others hold it for a moment at most
		b.resting = false
		b.asides.again()
	}
	load.Most = b.pattern.maySend(b) // also when there is nothing to send: it gives up what is due
	if load.Most == 0 || b.halted.Load() {
		return zmqthread.Load{}
	}
	if c := b.nextCarried(); c != nil {
		b.twice = true
		return zmqthread.Load{Frames: c.frames, Most: 1}
	}
	b.twice = false
	q := b.pick()
	if q == nil {
		return zmqthread.Load{Later: len(b.asides.byPeer) > 0}
	}
	c := q.chunks[0]
	if b.cfg.Coalesce {
		return b.bundled(c)
	}
	if c.large != nil {
		load.Frames = c.large
		return load
	}
	load.Data, load.Lens = c.batch.Data[c.byte:], c.batch.Lens[c.frame:]
	if b.aside == nil && len(b.asides.byPeer) > 0 {
		load.Most = 1 // the next may be for somebody who has to wait
	}
	return load
}

// next makes sure that there is something to send that somebody still wants.
func (b *box) next() bool {
	for b.out.count > 0 || b.swap() {
		if o := b.out.origin(); !o.asks() || !o.gone.Load() {
			return true
		}
		_, n := b.out.drop() // its asker gave up while it waited
		b.settle(func() { b.books.discarded[cancelled]++; b.left(1, n) })
	}
	return false
}

// swap takes what senders have queued. Its memory goes back and forth.
func (b *box) swap() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = b.in.count > 0 && !b.stopped
	if !b.told {
		return false
	}
	b.in, b.out = b.out, b.in
	return true
}

// Sent implements zmqthread.Port.
func (b *box) Sent(msgs, frames, bytes int) {
	if b.twice {
		b.sentAgain()
		return
	}
	if b.cfg.Coalesce {
		msgs, frames, bytes = b.bundle.msgs, b.bundle.frames, b.bundle.bytes
	}
	q := b.loaded()
	from := q.from(msgs)
	b.keep(q, msgs)
	for _, o := range from {
		b.pattern.sent(b, o)
	}
	if from == nil {
		b.pattern.sent(b, nil)
	}
	q.advance(msgs, frames, bytes)
	if b.aside != nil {
		b.aside.since = time.Now()
	}
	b.settle(func() {
		for _, o := range from {
			if o != nil {
				o.taken = true
				b.countDown(o)
			}
		}
		b.books.taken += uint64(msgs)
		b.books.takenBytes += uint64(bytes)
		b.depart(msgs, bytes)
	})
}

// loaded is the queue that the load at hand comes from.
func (b *box) loaded() *queue {
	if b.aside != nil {
		return &b.aside.queue
	}
	return b.out
}

// depart books the first n messages of the load at hand as gone. Caller holds mu, and nudges.
func (b *box) depart(n, bytes int) {
	if b.aside == nil {
		b.left(n, bytes)
		return
	}
	b.less(b.aside, n)
	b.gone(n, bytes)
}

// countDown tells whoever put a Batch, or a message, when the last of it is taken. Caller holds mu.
func (b *box) countDown(o *origin) {
	if o.pending == 0 {
		return
	}
	if o.pending--; o.pending == 0 && b.finish(o) {
		b.write(o.pid, &messages.Taken{})
	}
}

// settle changes the books under mu.
func (b *box) settle(change func()) {
	b.mu.Lock()
	change()
	post := func() {}
	if len(b.letters) > 0 {
		post = b.nudge()
		defer b.woke()
	}
	b.mu.Unlock()
	post()
}

// settleNow has the actor look at its box.
func (b *box) settleNow() {
	b.mu.Lock()
	post := b.nudge()
	b.mu.Unlock()
	post()
}

// Unsendable implements zmqthread.Port.
func (b *box) Unsendable(err error) {
	why, reason := unsendable, messages.Reason_REFUSED
	if errors.Is(err, syscall.EHOSTUNREACH) {
		why, reason = unreachable, messages.Reason_UNREACHABLE
	}
	if b.twice {
		b.dropCarried(reason, err.Error())
		return
	}
	b.discard(why, reason, err, err.Error())
}

// discard takes the next message out of the outbox and returns it to its sender.
func (b *box) discard(why reason, code messages.Reason, err error, detail string) {
	m, o, n := b.loaded().pop()
	m = b.asSent(m)
	r := b.rejection(m, code, detail)
	var errno syscall.Errno
	if errors.As(err, &errno) {
		r.Errno = uint32(errno)
	}
	b.settle(func() {
		b.books.discarded[why]++
		switch {
		case o == nil:
			b.letters = append(b.letters, letter{message: m}) // to the dead letters
		case !o.expects() || b.finish(o):
			b.write(o.pid, r)
		}
		b.depart(1, n)
	})
}

// Rest implements zmqthread.Port.
func (b *box) Rest() {
	if !b.resting {
		b.resting = true
		b.sending.Unlock()
	}
}

// Detached implements zmqthread.Port. The outbox stays for the next native socket.
func (b *box) Detached(error) {
	b.sending.Lock()
	b.pattern.detached(b)
	b.mu.Lock()
	b.link.Store(nil)
	b.peers.reset()
	b.untroubled()
	stopped := b.stopped
	last := stopped && b.parting.Load() > 0
	b.mu.Unlock()
	var carried []*carried
	if stopped {
		carried, b.again = b.again, nil
	}
	b.sending.Unlock()
	b.refuseCarried(carried)
	if last {
		b.part()
	}
}
