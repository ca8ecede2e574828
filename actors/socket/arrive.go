package socket

import (
	"time"

	"github.com/sockeye-mq/sockeye/messages"
)

// The half of zmqthread.Port that is about what comes in; port.go has the other one. All of it runs on the ZeroMQ thread.

// Room implements zmqthread.Port.
func (b *box) Room() int {
	turn := b.pattern.mayReceive()
	if turn == 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return 0
	}
	if !b.pattern.receives() {
		return turn // what arrives is for the pattern itself
	}
	if b.halted.Load() && b.cfg.Type != XPub { // which libzmq reads anyway
		return 0 // Resume kicks
	}
	if b.cfg.Lockstep {
		turn = 1
		b.starved = b.held > 0 // an answer may come before the delivery is booked: then that kicks
		if b.starved || len(b.service.byID) > 0 {
			return 0 // the answer kicks
		}
	}
	room, had := b.credit(), !b.starved
	if b.starved = room < b.least(); b.starved && len(b.receivers) > 0 {
		b.arm(time.Now().Add(lostTouch))
		if had {
			b.meter.stalls++
		}
	}
	if b.shed = room <= 0 && b.cfg.Type == XPub; b.shed {
		return turn // libzmq reads it anyway, without a bound: better lost here, and counted
	}
	if b.starved {
		return 0
	}
	if b.cfg.Coalesce {
		room = 1
	} else if b.cfg.Batch > 0 {
		room = min(room, b.cfg.Batch)
	}
	return min(turn, room)
}

// Received implements zmqthread.Port.
func (b *box) Received(batch *messages.Batch) (kept bool) {
	if b.cfg.Coalesce && !b.receivedCoalesced(batch) {
		return false
	}
	asker, consumed := b.pattern.took(b, batch)
	if consumed || b.answerAtOnce(asker, batch) {
		return false
	}
	if kept = cap(batch.Data) != messages.RoomBytes || len(batch.Data) > cap(batch.Data)/4; kept {
		b.store(parcel{batch: batch, asker: asker}, int(batch.Count))
	} else if asker != nil || !b.join(batch) { // a few messages should not hold a large buffer
		b.store(parcel{batch: b.small(batch), asker: asker}, int(batch.Count))
	}
	return kept
}

// small copies a few messages. Who gets batches may give the memory back, who gets messages cannot.
func (b *box) small(batch *messages.Batch) *messages.Batch {
	if b.cfg.Batch > 0 {
		return batch.Trim()
	}
	return batch.Clone()
}

// join puts a few messages into the parcel that waits at the end of the inbox, if they fit: one batch
// for the receiver, not two.
func (b *box) join(batch *messages.Batch) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.inbox)
	if n == 0 || b.shed || b.stopped {
		return false
	}
	last := &b.inbox[n-1]
	fits := last.batch != nil && last.rest == nil && last.asker == nil &&
		(b.cfg.Batch == 0 || int(last.batch.Count+batch.Count) <= b.cfg.Batch)
	if !fits || !last.batch.Join(batch) {
		return false
	}
	b.books.received += uint64(batch.Count)
	b.books.receivedBytes += uint64(len(batch.Data))
	b.held += int(batch.Count)
	return true
}

// store puts n messages into the inbox.
func (b *box) store(p parcel, n int) {
	b.mu.Lock()
	b.books.received += uint64(n)
	b.books.receivedBytes += uint64(p.bytes())
	if b.shed {
		b.books.dropped[slow] += uint64(n)
		b.mu.Unlock()
		p.forget()
		return
	}
	if b.stopped { // the actor has emptied the inbox a moment ago and is gone
		b.books.undelivered += uint64(n)
		b.mu.Unlock()
		go b.deadLetters([]parcel{p})
		return
	}
	b.held += n
	b.inbox = append(b.inbox, p)
	post := b.nudge()
	b.mu.Unlock()
	post()
	b.woke()
}

// woke tells the thread that it has made a goroutine runnable.
func (b *box) woke() {
	if l := b.link.Load(); l != nil {
		l.Woke()
	}
}

// Skipped implements zmqthread.Port.
func (b *box) Skipped(n int) {
	b.mu.Lock()
	b.books.received += uint64(n)
	b.books.dropped[tooLarge] += uint64(n)
	b.mu.Unlock()
}
