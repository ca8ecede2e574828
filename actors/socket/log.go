package socket

import (
	"errors"
	"time"
)

// What a socket logs, with the system's logger: one line for what matters, and for what happens often one a
// minute, with how often. docs/inspect.md has the list.

// logPause is how long a socket says nothing more of what it has dropped, or whose handshakes have failed.
const logPause = time.Minute

// logged is what was logged. Owned by the actor, whichever incarnation.
type logged struct {
	lost, handshakes     uint64
	lostAt, handshakesAt time.Time
}

// logLosses logs what has been lost since it did so last. It runs in the actor, for a logger may block.
func (b *box) logLosses(lost, handshakes uint64) {
	k := &b.logged
	if lost > k.lost && b.now.Sub(k.lostAt) >= logPause {
		b.logLost(lost)
	}
	if handshakes > k.handshakes && b.now.Sub(k.handshakesAt) >= logPause {
		b.system.Logger().Warn("sockeye: handshakes have failed", "socket", b.self, "now", handshakes-k.handshakes, "ever", handshakes,
			"last", b.lastHandshake())
		k.handshakes, k.handshakesAt = handshakes, b.now
	}
}

func (b *box) logLost(lost uint64) {
	l := b.ledger()
	b.system.Logger().Warn("sockeye: messages are dropped", "socket", b.self, "now", lost-b.logged.lost, "ever", lost,
		"discarded", l.Discarded, "dropped", l.Dropped)
	b.logged.lost, b.logged.lostAt = lost, b.now
}

func (b *box) lastHandshake() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.meter.lastHandshake == nil {
		return ""
	}
	return b.meter.lastHandshake.String()
}

// lost is how many messages were dropped for whatever reason. Guarded by box.mu, like the books.
func (k *books) lost() (n uint64) {
	for r := range reasonCount {
		n += k.discarded[r] + k.dropped[r]
	}
	return n
}

// logEnd says what was not said yet, and why a socket has stopped, unless it was asked to.
func (b *box) logEnd(reason error) {
	b.mu.Lock()
	lost := b.books.lost()
	b.mu.Unlock()
	if lost > b.logged.lost {
		b.logLost(lost)
	}
	if unsent := new(UnsentError); errors.As(reason, &unsent) {
		b.system.Logger().Warn("sockeye: poisoned with messages left", "socket", b.self, "error", unsent)
	} else if reason != nil {
		b.system.Logger().Warn("sockeye: socket stopped", "socket", b.self, "error", reason)
	}
}
