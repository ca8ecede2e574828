package socket

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// Ledger says what has become of every message of one socket. At every instant
//
//	Accepted = Taken + the sum of Discarded + DeadLettered + Queued
//	Received = Delivered + Held + the sum of Dropped + Undelivered
type Ledger struct {
	Accepted     uint64            // by the outbox
	Taken        uint64            // by libzmq
	TakenBytes   uint64            // and their size, every frame's
	Discarded    map[string]uint64 // accepted and then dropped, by reason
	DeadLettered uint64            // accepted and not sent when the socket stopped
	Queued       uint64            // still in the outbox
	QueuedBytes  uint64            // and their size
	Rejected     uint64            // never accepted; returned to the sender or to the dead letters
	Resent       uint64            // taken by libzmq once more, on a new native socket (Config.Retry, Config.Retries)

	Received      uint64            // from libzmq
	ReceivedBytes uint64            // and the size of those that were not too large, every frame's
	Delivered     uint64            // to receivers and askers
	Held          uint64            // in the inbox
	Dropped       map[string]uint64 // received and then dropped, by reason
	Undelivered   uint64            // received and not delivered when the socket stopped: dead letters

	Skipped uint64 // what slow receivers have missed (SkipSlow), beside what others got
}

// reason is why a message was dropped.
type reason uint8

const (
	delivered   reason = iota
	late               // a reply that nobody waits for any more
	malformed          // a request without an envelope
	tooLarge           // larger than Config.MaxMessage
	unmatched          // no receiver, or none for its topic
	slow               // every receiver for it was out of credit (SkipSlow)
	panicked           // delivering it panicked
	overflow           // Overflow said so
	unreachable        // no such peer
	unsendable         // libzmq will never take it
	cancelled          // its asker gave up before it was sent
	foreign            // not a coalesced message (Config.Coalesce)
	mute               // its peer has taken nothing for too long (Config.MuteTimeout)
	reasonCount

	waiting // not dropped: it stays in the inbox
)

var reasonNames = [reasonCount]string{"delivered", "late", "malformed", "too large", "unmatched", "slow", "failed", "overflow",
	"unreachable", "unsendable", "cancelled", "not coalesced", "mute"}

// books is the ledger as it is kept. Guarded by box.mu.
type books struct {
	accepted, taken, dead, rejected  uint64
	received, delivered, undelivered uint64
	skipped, resent                  uint64
	takenBytes, receivedBytes        uint64
	discarded, dropped               [reasonCount]uint64
}

// keepsBooks: until it stops. What stands in them then is in Stopped.
func (b *box) keepsBooks() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.stopped && b.wrong == nil
}

func (b *box) ledger() Ledger {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ledgerLocked()
}

// ledgerLocked is ledger for who holds mu.
func (b *box) ledgerLocked() Ledger {
	k := &b.books
	return Ledger{
		Accepted: k.accepted, Taken: k.taken, TakenBytes: k.takenBytes, DeadLettered: k.dead, Rejected: k.rejected, Resent: k.resent,
		Queued: uint64(b.queued), QueuedBytes: uint64(b.bytes), Discarded: named(&k.discarded),
		Received: k.received, ReceivedBytes: k.receivedBytes, Delivered: k.delivered, Undelivered: k.undelivered,
		Held: uint64(b.held), Dropped: named(&k.dropped), Skipped: k.skipped,
	}
}

func named(counts *[reasonCount]uint64) map[string]uint64 {
	m := map[string]uint64{}
	for r, n := range counts {
		if n > 0 {
			m[reasonNames[r]] = n
		}
	}
	return m
}

// Counts returns the ledger of the socket pid, as it is at this instant. Of a socket that has
// stopped, the event Stopped has the last one.
func Counts(ctx context.Context, sender actor.SenderContext, pid *actor.PID) (Ledger, error) {
	a, err := messages.Call(ctx, sender, pid, askLedger{})
	if err != nil {
		return Ledger{}, err
	}
	return a.(Ledger), nil
}
