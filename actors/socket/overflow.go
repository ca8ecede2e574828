package socket

import "github.com/sockeye-mq/sockeye/messages"

// trim drops what is oldest until the outbox is within its bounds again: never what the thread is
// sending at this moment, but the oldest behind it. Caller holds mu, and nudges.
func (b *box) trim() {
	idle := b.sending.TryLock()
	for b.over() {
		at, o, n := b.dropOldest(idle)
		if at == 0 {
			break
		}
		b.books.discarded[overflow]++
		if o.asks() || o.put() {
			b.refuseLocked(o, messages.Reason_DROPPED, "dropped from a full outbox")
		}
		if at <= b.passed {
			b.gone(1, n) // it had been set aside
		} else {
			b.removed(at, n)
		}
	}
	if idle {
		b.sending.Unlock()
	}
}

// dropOldest drops one message and says which position it had, 0 if there is none to be dropped.
// Caller holds mu, and sending if the thread is idle.
func (b *box) dropOldest(idle bool) (at uint64, o *origin, bytes int) {
	switch {
	case idle && b.apart > 0:
		at = b.barrier
		o, bytes = b.dropAside()
	case idle && b.out.count > 0:
		at = b.passed + 1
		o, bytes = b.out.drop()
	case b.in.count > 0:
		at = b.passed + 1 + uint64(b.queued-b.apart-b.in.count) // behind what the thread is sending
		o, bytes = b.in.drop()
	}
	return at, o, bytes
}
