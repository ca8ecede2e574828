package wire

import (
	"maps"
)

// books are the numbers of one peer. Guarded by peer.mu.
type books struct {
	accepted, confirmed, unconfirmed, dead, resent uint64
	refused                                        map[Reason]uint64

	received, delivered uint64
	dropped             [lastDrop + 1]uint64
	frames              [lastDrop + 1]uint64
}

const lastDrop = SystemFull

func (b *books) refuse(r Reason) {
	if b.refused == nil {
		b.refused = map[Reason]uint64{}
	}
	b.refused[r]++
}

func (b *books) merge(o *books) {
	b.accepted += o.accepted
	b.confirmed += o.confirmed
	b.unconfirmed += o.unconfirmed
	b.dead += o.dead
	b.resent += o.resent
	b.received += o.received
	b.delivered += o.delivered
	for r, n := range o.refused {
		if b.refused == nil {
			b.refused = map[Reason]uint64{}
		}
		b.refused[r] += n
	}
	for i := range b.dropped {
		b.dropped[i] += o.dropped[i]
		b.frames[i] += o.frames[i]
	}
}

// Counts is what a Wire has done.
type Counts struct {
	Peers     map[string]PeerCounts // by address
	Forgotten PeerCounts            // of peers that were forgotten, together
	Strangers map[Drop]uint64       // frames that came from nobody known
}

// PeerCounts accounts for the messages to and from one peer, system messages included, over all sessions.
//
//	Accepted = Confirmed + Queued + InFlight + Unconfirmed + DeadLettered
//	Received = Delivered + Held + all of Dropped
type PeerCounts struct {
	State string // "connecting", "up" or "down"

	Accepted     uint64            // by the queue
	Confirmed    uint64            // the peer has given them to mailboxes, or counted them as dropped
	Queued       uint64            // they wait here
	InFlight     uint64            // they were sent and are not confirmed
	Unconfirmed  uint64            // the session ended before they were: dead letters that may have arrived
	DeadLettered uint64            // they had not been sent when the session ended
	Refused      map[Reason]uint64 // by the queue: dead letters, too
	Resent       uint64            // sent again after a connection was lost

	Received  uint64          // in their order, each once
	Delivered uint64          // to a mailbox, or to this system's dead letters
	Held      uint64          // they wait for a mailbox
	Dropped   map[Drop]uint64 // messages that nobody could get
	Frames    map[Drop]uint64 // frames that did not count: Stale, Duplicate, Gap, Overrun

	Watching, Watched int // bonds from here to there, and from there to here
}

func (b *books) counts() PeerCounts {
	return PeerCounts{
		Accepted: b.accepted, Confirmed: b.confirmed, Unconfirmed: b.unconfirmed, DeadLettered: b.dead, Refused: maps.Clone(b.refused),
		Resent: b.resent, Received: b.received, Delivered: b.delivered, Dropped: byDrop(b.dropped[:]), Frames: byDrop(b.frames[:]),
	}
}

func byDrop(all []uint64) map[Drop]uint64 {
	m := map[Drop]uint64{}
	for d, n := range all {
		if n > 0 {
			m[Drop(d)] = n
		}
	}
	return m
}

// Counts accounts for every message.
func (w *Wire) Counts() Counts {
	c := Counts{Peers: map[string]PeerCounts{}, Strangers: map[Drop]uint64{}}
	for _, p := range w.all() {
		c.Peers[p.address] = p.counts()
	}
	w.mu.RLock()
	c.Forgotten = w.past.counts()
	w.mu.RUnlock()
	for d := range w.strangers {
		if n := w.strangers[d].Load(); n > 0 {
			c.Strangers[Drop(d)] = n
		}
	}
	return c
}

func (p *peer) counts() PeerCounts {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.books.counts()
	c.State = stateText[p.state]
	c.Queued, c.InFlight = p.out.total-p.out.sent, p.out.sent-p.out.acked
	c.Held = c.Received - c.Delivered
	for _, n := range c.Dropped {
		c.Held -= n
	}
	c.Watching, c.Watched = len(p.watching), len(p.watched)
	return c
}
