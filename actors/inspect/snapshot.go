package inspect

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// Snapshot is what one look has found. Its JSON, and that of what is in it, is part of the API: fields are
// added, but not renamed or removed. Counters begin at 0 when a socket is spawned and never fall.
type Snapshot struct {
	At      time.Time `json:"at"`
	Threads []*Thread `json:"threads"`
	Sockets []*Socket `json:"sockets"` // in the order of their ids
	Gone    []*Socket `json:"gone"`    // the last 256 that have stopped, oldest first
}

// Thread is a ZeroMQ thread.
type Thread struct {
	ID          string  `json:"id"`          // of its poll actor
	Uptime      float64 `json:"uptime"`      // seconds
	IdleSeconds float64 `json:"idleSeconds"` // of them it has waited for work
	Sockets     int     `json:"sockets"`
	Rounds      uint64  `json:"rounds"` // of its poll loop
	Sleeps      uint64  `json:"sleeps"`
	Wakeups     uint64  `json:"wakeups"` // by the control socket

	Busy float64 `json:"busy"` // 0 to 1, since the look before; of the first, since its start

	stats zmqthread.Stats
}

// Socket is a socket. Messages are those of users: a coalesced one of ZeroMQ's counts for what is in it.
// Bytes are those of all frames.
type Socket struct {
	ID       string    `json:"id"`   // of its PID: with a slash after each parent
	Type     string    `json:"type"` // "PUSH", …
	Thread   string    `json:"thread,omitempty"`
	Guardian string    `json:"guardian,omitempty"` // the type of its strategy; "": its parent's, or Proto.Actor's default
	State    string    `json:"state"`              // a socket.State
	Since    time.Time `json:"since"`              // in this state
	Spawned  time.Time `json:"spawned"`

	Bound         []string `json:"bound,omitempty"`
	Connected     []string `json:"connected,omitempty"`
	Subscriptions int      `json:"subscriptions,omitempty"`
	Peers         int      `json:"peers"`

	Accepted     uint64            `json:"accepted"`
	Sent         uint64            `json:"sent"` // taken by libzmq
	SentBytes    uint64            `json:"sentBytes"`
	Rejected     uint64            `json:"rejected,omitempty"`
	Discarded    map[string]uint64 `json:"discarded,omitempty"` // accepted and then dropped, by reason
	DeadLettered uint64            `json:"deadLettered,omitempty"`
	Resent       uint64            `json:"resent,omitempty"`

	Received      uint64            `json:"received"`
	ReceivedBytes uint64            `json:"receivedBytes"`
	Delivered     uint64            `json:"delivered"`
	Dropped       map[string]uint64 `json:"dropped,omitempty"` // received and then dropped, by reason
	Undelivered   uint64            `json:"undelivered,omitempty"`
	Skipped       uint64            `json:"skipped,omitempty"`

	Queued      uint64 `json:"queued"` // in the outbox
	QueuedBytes uint64 `json:"queuedBytes"`
	OutboxLimit int    `json:"outboxLimit"` // messages
	OutboxBytes int    `json:"outboxBytes"` // the limit of those
	Senders     int    `json:"senders"`     // that wait for room in it
	Callers     int    `json:"callers"`     // that wait for an answer

	Held        uint64     `json:"held"`        // in the inbox
	Unprocessed int        `json:"unprocessed"` // of the receiver that has most
	Window      int        `json:"window"`      // what each of them may have
	Stalled     bool       `json:"stalled"`     // it is not read, because receivers have no credit
	Stalls      uint64     `json:"stalls"`
	Receivers   []Receiver `json:"receivers,omitempty"`

	Restarts          uint64 `json:"restarts"` // of its actor
	Reopens           uint64 `json:"reopens"`  // of its native socket
	HandshakeFailures uint64 `json:"handshakeFailures"`
	Disconnects       uint64 `json:"disconnects"`

	LastError   string     `json:"lastError,omitempty"`
	LastErrorAt *time.Time `json:"lastErrorAt,omitempty"`
	Reason      string     `json:"reason,omitempty"` // why it has stopped; "": on request

	Rates Rates `json:"rates"`
}

// Rates are per second, since the look before; 0 in the first.
type Rates struct {
	Sent          float64 `json:"sent"`
	SentBytes     float64 `json:"sentBytes"`
	Received      float64 `json:"received"`
	ReceivedBytes float64 `json:"receivedBytes"`
	Dropped       float64 `json:"dropped"` // for whatever reason, either way
}

// Receiver is an actor that gets what a socket receives.
type Receiver struct {
	ID          string `json:"id"`
	Topic       string `json:"topic,omitempty"`
	Unprocessed int    `json:"unprocessed"`
}

// Take looks at a system once. It takes about 1 µs for each socket. Each of them is as it is when its turn has
// come; nothing stands still meanwhile.
func Take(system *actor.ActorSystem) *Snapshot {
	s := &Snapshot{At: time.Now()}
	for _, t := range zmqthread.Threads(system) {
		s.Threads = append(s.Threads, threadOf(t.Stats()))
	}
	for x := range socket.All(system) {
		s.Sockets = append(s.Sockets, socketOf(x))
	}
	for _, x := range socket.Gone(system) {
		s.Gone = append(s.Gone, socketOf(x))
	}
	return s
}

func threadOf(t zmqthread.Stats) *Thread {
	return &Thread{ID: t.PID.Id, Uptime: t.Uptime.Seconds(), IdleSeconds: t.Idle.Seconds(), Sockets: t.Sockets,
		Rounds: t.Rounds, Sleeps: t.Sleeps, Wakeups: t.Rings, Busy: t.Busy(zmqthread.Stats{}), stats: t}
}

func socketOf(x *socket.Status) *Socket {
	l := &x.Ledger
	s := &Socket{
		ID: x.PID.Id, Type: x.Type.String(), Guardian: x.Guardian, State: string(x.State), Since: x.Since, Spawned: x.Spawned,
		Bound: x.Bound, Connected: x.Connected, Subscriptions: x.Subscriptions, Peers: x.Peers,
		Accepted: l.Accepted, Sent: l.Taken, SentBytes: l.TakenBytes, Rejected: l.Rejected, Discarded: l.Discarded, DeadLettered: l.DeadLettered, Resent: l.Resent,
		Received: l.Received, ReceivedBytes: l.ReceivedBytes, Delivered: l.Delivered, Dropped: l.Dropped, Undelivered: l.Undelivered, Skipped: l.Skipped,
		Queued: l.Queued, QueuedBytes: l.QueuedBytes, OutboxLimit: x.Outbox.Messages, OutboxBytes: x.Outbox.Bytes, Senders: x.Senders, Callers: x.Callers,
		Held: l.Held, Window: x.Window, Stalled: x.Stalled, Stalls: x.Stalls,
		Restarts: before(x.Incarnations), Reopens: before(x.Opens), HandshakeFailures: x.HandshakeFailures, Disconnects: x.Disconnects,
		LastError: text(x.LastError), Reason: text(x.Reason),
	}
	if x.Thread != nil {
		s.Thread = x.Thread.Id
	}
	if x.LastError != nil {
		s.LastErrorAt = &x.LastAt
	}
	for _, r := range x.Receivers {
		s.Receivers = append(s.Receivers, Receiver{r.PID.Id, r.Topic, r.Unprocessed})
		s.Unprocessed = max(s.Unprocessed, r.Unprocessed)
	}
	return s
}

// before is how many there were besides the first.
func before(n uint64) uint64 { return max(n, 1) - 1 }

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// lost is how many messages a socket has dropped for whatever reason.
func (s *Socket) lost() (n uint64) {
	for _, k := range s.Discarded {
		n += k
	}
	for _, k := range s.Dropped {
		n += k
	}
	return n
}

// since fills in what is about the time between two looks.
func (s *Snapshot) since(before *Snapshot) {
	seconds := s.At.Sub(before.At).Seconds()
	if seconds <= 0 {
		return
	}
	sockets, threads := map[string]*Socket{}, map[string]*Thread{}
	for _, x := range before.Sockets {
		sockets[x.ID] = x
	}
	for _, t := range before.Threads {
		threads[t.ID] = t
	}
	for _, t := range s.Threads {
		if old := threads[t.ID]; old != nil && old.stats.Started.Equal(t.stats.Started) {
			t.Busy = t.stats.Busy(old.stats)
		}
	}
	for _, x := range s.Sockets {
		old := sockets[x.ID]
		if old == nil || !old.Spawned.Equal(x.Spawned) {
			continue // its name may have gone to another
		}
		rate := func(now, then uint64) float64 { return float64(now-then) / seconds }
		x.Rates = Rates{rate(x.Sent, old.Sent), rate(x.SentBytes, old.SentBytes), rate(x.Received, old.Received),
			rate(x.ReceivedBytes, old.ReceivedBytes), rate(x.lost(), old.lost())}
	}
}
