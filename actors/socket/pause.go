package socket

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// Live commands, answered with messages.Done, at once and in every state.
type (
	// Pause makes the socket move nothing until Resume: it takes nothing from its outbox, reads nothing, and
	// hands over nothing of what it has read. The bounds hold, so that senders and peers come to feel it;
	// timeouts go on. What receivers were given before is theirs. An XPub still reads its subscriptions, as
	// libzmq does. It outlives a restart, and ends with a Poison, which sends what is left.
	Pause struct{}
	// Resume ends a Pause.
	Resume struct{}
)

// halt carries out Pause and Resume, on the sender's goroutine: the actor may be suspended.
func (b *box) halt(m any, from *actor.PID) (done bool) {
	switch m.(type) {
	case *Pause:
	case *Resume:
	default:
		return false
	}
	_, pause := m.(*Pause)
	b.mu.Lock()
	sealed := b.sealed
	if sealed == nil {
		b.setHalted(pause)
	}
	b.mu.Unlock()
	if sealed == nil && !pause {
		b.settleNow()
		b.kick()
	}
	if from == nil {
		return true
	}
	if sealed != nil {
		b.system.Root.Send(from, b.farewell(sealed))
		return true
	}
	b.system.Root.Send(from, &messages.Done{})
	return true
}

// setHalted: caller holds mu.
func (b *box) setHalted(paused bool) {
	if b.halted.Swap(paused) != paused {
		b.haltedAt = time.Now()
		if !paused && b.meter.state == StateOpen {
			b.meter.since = b.haltedAt
		}
	}
}

// drain is for a Poison: what is left goes out.
func (b *box) drain() {
	b.mu.Lock()
	if b.sealed == nil {
		b.meter.enter(StateDraining)
	}
	b.setHalted(false)
	b.mu.Unlock()
	b.kick()
}
