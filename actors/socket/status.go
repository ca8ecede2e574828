package socket

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"
)

// State is where a socket is in its life.
type State string

// The states of a socket.
const (
	StateOpening  State = "opening"  // the thread was asked for a native socket
	StateOpen     State = "open"     // it has one
	StatePaused   State = "paused"   // it has one and moves nothing, until Resume
	StateFailed   State = "failed"   // it has failed, and its supervisor has not restarted it yet
	StateTripped  State = "tripped"  // a circuit breaker keeps it closed
	StateDraining State = "draining" // poisoned: it sends what it has, within its linger
	StateStopping State = "stopping"
	StateStopped  State = "stopped" // for good
)

// Status is how a socket is at one instant. See All.
type Status struct {
	PID    *actor.PID
	Type   zmq.Type
	Thread *actor.PID // the poll actor of the thread that it is on; nil: none was given

	Guardian string // the type of the strategy it was spawned with (actor.WithGuardian); "": none

	State   State
	Since   time.Time // in this state
	Spawned time.Time

	Bound         []string // what it is bound to, wildcards resolved
	Connected     []string // what it was told to connect to
	Subscriptions int
	Peers         int // connected, and their handshake over; see PeerCount

	Ledger  Ledger
	Outbox  Limit // its bounds; Ledger.Queued and QueuedBytes are what is in it
	Senders int   // who wait for room in it
	Callers int   // who wait for an answer

	Window    int // messages that each receiver may have unprocessed
	Receivers []Receiver
	Stalled   bool   // it is not read, because receivers have no credit
	Stalls    uint64 // how often that has begun

	Incarnations      uint64 // of its actor: 1 and its restarts
	Opens             uint64 // of native sockets: 1 and those that were opened anew
	HandshakeFailures uint64
	Disconnects       uint64

	LastError error // the last failure; nil: none
	LastAt    time.Time
	Reason    error // why it stopped; nil: on request, or it has not
}

// Receiver is how an actor is that gets what a socket receives.
type Receiver struct {
	PID         *actor.PID
	Topic       string // its prefix (ByTopic)
	Unprocessed int    // messages that it was given and has not said to have processed: at most Window, as a rule
}

// meter is what is counted for Status and nothing else. Guarded by box.mu.
type meter struct {
	state     State
	since     time.Time
	spawned   time.Time
	bound     []string // immutable slices, replaced whole
	connected []string
	topics    int

	stalls, incarnations, opens   uint64
	failedHandshakes, disconnects uint64
	lastHandshake                 *HandshakeFailed // that has failed
	lastError                     error
	lastAt                        time.Time
}

// enter notes a new state. Caller holds mu.
func (m *meter) enter(s State) {
	if m.state != s && m.state != StateStopped {
		m.state, m.since = s, time.Now()
	}
}

// publish copies what the actor has made of its config to where others may see it.
func (s *socket) publish() {
	d := &s.desired
	bound, connected, topics := d.addresses(), slices.Clone(d.connect), len(d.subscribe)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meter.bound, s.meter.connected, s.meter.topics = bound, connected, topics
}

func (b *box) status() *Status {
	s := &Status{PID: b.self, Type: b.cfg.Type, Outbox: b.cfg.Outbox, Window: b.cfg.Window, Guardian: b.guardian}
	if b.thread != nil {
		s.Thread = b.thread.PID()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	m := &b.meter
	s.State, s.Since, s.Spawned = m.state, m.since, m.spawned
	if s.State == StateOpen && b.halted.Load() {
		s.State, s.Since = StatePaused, b.haltedAt
	}
	s.Bound, s.Connected, s.Subscriptions = m.bound, m.connected, m.topics
	s.Peers = b.peers.connected(b.cfg.Type)
	s.Ledger = b.ledgerLocked()
	s.Senders, s.Callers = len(b.waiting), len(b.calls)
	s.Stalled, s.Stalls = b.starved && len(b.receivers) > 0 && !b.stopped, m.stalls
	s.Receivers = make([]Receiver, len(b.receivers))
	for i, r := range b.receivers {
		s.Receivers[i] = Receiver{r.pid, r.prefix, int(r.sent - r.acked)}
	}
	s.Incarnations, s.Opens = m.incarnations, m.opens
	s.HandshakeFailures, s.Disconnects = m.failedHandshakes, m.disconnects
	s.LastError, s.LastAt = m.lastError, m.lastAt
	return s
}
