package inspect

import (
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// instrument is what OpenTelemetry is told of one. Names and units are by its semantic conventions, 1.43.
type instrument struct{ name, unit, what string }

// What an instrument's series say beside their socket's type and thread.
type beside int

const (
	nothing beside = iota
	transmit
	receive
	sendOperation
	deliverOperation
	forRoom
	forAnswer
	besideCount
)

// counters are what never falls: of the sockets that there are, and of those that have stopped.
var counters = [...]struct {
	instrument
	beside
	read func(*socket.Totals) uint64
}{
	{instrument{"messaging.client.sent.messages", "{message}", "Messages that ZeroMQ has taken."},
		sendOperation, func(t *socket.Totals) uint64 { return t.Ledger.Taken }},
	{instrument{"messaging.client.consumed.messages", "{message}", "Messages that were delivered to receivers and askers."},
		deliverOperation, func(t *socket.Totals) uint64 { return t.Ledger.Delivered }},
	{instrument{"sockeye.socket.accepted.messages", "{message}", "Messages that outboxes have accepted."},
		nothing, func(t *socket.Totals) uint64 { return t.Ledger.Accepted }},
	{instrument{"sockeye.socket.received.messages", "{message}", "Messages that came from ZeroMQ."},
		nothing, func(t *socket.Totals) uint64 { return t.Ledger.Received }},
	{instrument{"sockeye.socket.io", "By", "Bytes of all frames that ZeroMQ has taken (transmit) and that came from it (receive)."},
		transmit, func(t *socket.Totals) uint64 { return t.Ledger.TakenBytes }},
	{instrument{"sockeye.socket.io", "By", ""},
		receive, func(t *socket.Totals) uint64 { return t.Ledger.ReceivedBytes }},
	{instrument{"sockeye.socket.rejected.messages", "{message}", "Messages that were never accepted, and went back to their senders."},
		nothing, func(t *socket.Totals) uint64 { return t.Ledger.Rejected }},
	{instrument{"sockeye.socket.resent.messages", "{message}", "Requests that ZeroMQ has taken once more, on a new native socket."},
		nothing, func(t *socket.Totals) uint64 { return t.Ledger.Resent }},
	{instrument{"sockeye.socket.skipped.messages", "{message}", "Messages that a slow receiver has missed and others have got."},
		nothing, func(t *socket.Totals) uint64 { return t.Ledger.Skipped }},
	{instrument{"sockeye.socket.stalls", "{stall}", "How often reading has stopped because receivers had no credit."},
		nothing, func(t *socket.Totals) uint64 { return t.Stalls }},
	{instrument{"sockeye.socket.restarts", "{restart}", "Restarts of socket actors."},
		nothing, func(t *socket.Totals) uint64 { return t.Restarts }},
	{instrument{"sockeye.socket.reopens", "{reopen}", "Native sockets that were opened in the place of another."},
		nothing, func(t *socket.Totals) uint64 { return t.Reopens }},
	{instrument{"sockeye.socket.handshake.failures", "{failure}", "Handshakes that have failed: no security mechanism in common, a wrong key, a refusal, no ZeroMQ."},
		nothing, func(t *socket.Totals) uint64 { return t.HandshakeFailures }},
	{instrument{"sockeye.socket.disconnects", "{disconnect}", "Connections that have ended."},
		nothing, func(t *socket.Totals) uint64 { return t.Disconnects }},
}

const counterCount = len(counters)

// levels are how much of something there is now; of several sockets, their sum.
var levels = [...]struct {
	instrument
	beside
	read func(*socket.Status) int64
}{
	{instrument{"sockeye.socket.peer.count", "{peer}", "Peers that are connected, their handshake over."},
		nothing, func(s *socket.Status) int64 { return int64(s.Peers) }},
	{instrument{"sockeye.socket.outbox.usage", "{message}", "Messages in outboxes."},
		nothing, func(s *socket.Status) int64 { return int64(s.Ledger.Queued) }},
	{instrument{"sockeye.socket.outbox.limit", "{message}", "Messages that outboxes have room for."},
		nothing, func(s *socket.Status) int64 { return int64(s.Outbox.Messages) }},
	{instrument{"sockeye.socket.outbox.memory.usage", "By", "Bytes of the messages in outboxes."},
		nothing, func(s *socket.Status) int64 { return int64(s.Ledger.QueuedBytes) }},
	{instrument{"sockeye.socket.outbox.memory.limit", "By", "Bytes that outboxes have room for."},
		nothing, func(s *socket.Status) int64 { return int64(s.Outbox.Bytes) }},
	{instrument{"sockeye.socket.inbox.usage", "{message}", "Messages that were received and not handed over yet."},
		nothing, func(s *socket.Status) int64 { return int64(s.Ledger.Held) }},
	{instrument{"sockeye.socket.window.usage", "{message}", "Messages that receivers have not processed yet."},
		nothing, func(s *socket.Status) int64 { return unprocessed(s) }},
	{instrument{"sockeye.socket.window.limit", "{message}", "Messages that receivers may have unprocessed."},
		nothing, func(s *socket.Status) int64 { return int64(s.Window) * int64(len(s.Receivers)) }},
	{instrument{"sockeye.socket.waiting", "{caller}", "Who waits, for room in an outbox or for an answer."},
		forRoom, func(s *socket.Status) int64 { return int64(s.Senders) }},
	{instrument{"sockeye.socket.waiting", "{caller}", ""},
		forAnswer, func(s *socket.Status) int64 { return int64(s.Callers) }},
	{instrument{"sockeye.socket.stalled", "{socket}", "Sockets that are not read now because receivers have no credit."},
		nothing, func(s *socket.Status) int64 { return number(s.Stalled) }},
}

const levelCount = len(levels)

func unprocessed(s *socket.Status) (n int64) {
	for _, r := range s.Receivers {
		n += int64(r.Unprocessed)
	}
	return n
}

func number(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// ratios are how full something is; of several sockets, the fullest: a sum would hide it.
var ratios = [...]struct {
	instrument
	read func(*socket.Status) float64
}{
	{instrument{"sockeye.socket.outbox.utilization", "1", "How full the fullest outbox is, by messages or by bytes, whichever is more."},
		func(s *socket.Status) float64 {
			return max(share(s.Ledger.Queued, s.Outbox.Messages), share(s.Ledger.QueuedBytes, s.Outbox.Bytes))
		}},
	{instrument{"sockeye.socket.window.utilization", "1", "How much of its window the receiver uses that is furthest behind."},
		func(s *socket.Status) (most float64) {
			for _, r := range s.Receivers {
				most = max(most, share(uint64(r.Unprocessed), s.Window))
			}
			return most
		}},
}

const ratioCount = len(ratios)

func share(n uint64, of int) float64 {
	if of <= 0 {
		return 0
	}
	return float64(n) / float64(of)
}

var (
	droppedMessages = instrument{"sockeye.socket.dropped.messages", "{message}", "Messages that were accepted (transmit) or received (receive) and then dropped, by reason."}
	socketCount     = instrument{"sockeye.socket.count", "{socket}", "Sockets, by state."}
	threadTime      = instrument{"sockeye.thread.time", "s", "How long a ZeroMQ thread was at work (busy) and has waited for some (idle)."}
)

// turns are what a thread counts of its poll loop.
var turns = [...]struct {
	instrument
	read func(*zmqthread.Stats) uint64
}{
	{instrument{"sockeye.thread.rounds", "{round}", "Rounds of a poll loop."}, func(s *zmqthread.Stats) uint64 { return s.Rounds }},
	{instrument{"sockeye.thread.sleeps", "{sleep}", "How often a poll loop has gone to sleep."}, func(s *zmqthread.Stats) uint64 { return s.Sleeps }},
	{instrument{"sockeye.thread.wakeups", "{wakeup}", "How often a poll loop was woken from outside, by its control socket."}, func(s *zmqthread.Stats) uint64 { return s.Rings }},
}

const turnCount = len(turns)

// unsent and undelivered are the reasons for which messages are dropped; they are there from the beginning, so that the
// first one is an increase. (The socket's words, with _ between them; "stopped" is what was left when it stopped.)
var (
	unsent      = []string{"overflow", "unreachable", "unsendable", "cancelled", "too_large", "mute", "stopped"}
	undelivered = []string{"late", "malformed", "too_large", "unmatched", "slow", "failed", "not_coalesced", "stopped"}
)

// states are those of a socket that has not left yet.
var states = []socket.State{socket.StateOpening, socket.StateOpen, socket.StatePaused, socket.StateFailed, socket.StateTripped,
	socket.StateDraining, socket.StateStopping, socket.StateStopped}
