package socket

import (
	"bytes"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// Receivers say who gets what a socket receives. Each has a credit of its own (Config.Window): a
// receiver is an ordinary actor and does nothing for it, since actor.Touch, which the framework
// answers in order, says how far it has got (facts P10).
type Receivers struct {
	mode   mode
	routes []route
}

type route struct {
	prefix string
	pid    *actor.PID
}

type mode uint8

const (
	toAll mode = iota
	toOne
	toTopic
)

// To delivers everything to every one of pids. The slowest sets the pace.
func To(pids ...*actor.PID) Receivers { return Receivers{toAll, routesTo(pids)} }

// RoundRobin delivers each message, or Batch, to the next of pids that has credit.
func RoundRobin(pids ...*actor.PID) Receivers { return Receivers{toOne, routesTo(pids)} }

// ByTopic delivers each message to the actor with the longest prefix of its first body frame; ""
// is every message. What no prefix fits is counted and dropped. The slowest sets the pace.
func ByTopic(topics map[string]*actor.PID) Receivers {
	r := Receivers{mode: toTopic}
	for prefix, pid := range topics {
		r.routes = append(r.routes, route{prefix, pid})
	}
	return r
}

func routesTo(pids []*actor.PID) []route {
	routes := make([]route, len(pids))
	for i, pid := range pids {
		routes[i].pid = pid
	}
	return routes
}

// receiver is one of them and its credit. Guarded by box.mu.
type receiver struct {
	route
	sent    uint64 // messages
	touched uint64 // what the last Touch stands for
	acked   uint64 // what the last Touched stood for
	next    int    // for RoundRobin, in the first receiver: whose turn it is
}

func (r Receivers) receivers() []*receiver {
	rs := make([]*receiver, len(r.routes))
	for i, route := range r.routes {
		rs[i] = &receiver{route: route}
	}
	return rs
}

func (b *box) creditOf(r *receiver) int { return b.cfg.Window - int(r.sent-r.acked) }

// credit is how many messages may be received now. Caller holds mu.
func (b *box) credit() int {
	if len(b.receivers) == 0 {
		if !b.readsAnyway() {
			return 0
		}
		return b.cfg.Window - b.held
	}
	room := b.creditOf(b.receivers[0])
	for _, r := range b.receivers[1:] {
		c := b.creditOf(r)
		switch {
		case b.cfg.Deliver.mode != toOne:
			room = min(room, c)
		case b.cfg.Batch > 0:
			room = max(room, c)
		default:
			room += max(c, 0)
		}
	}
	return room - b.held
}

// readsAnyway: replies come on these, and an XPUB that is not read piles up subscriptions.
func (b *box) readsAnyway() bool {
	return b.cfg.Type == Req || b.cfg.Type == Dealer || b.cfg.Type == XPub
}

// choose says which receivers get n messages that begin with m, and books them.
func (b *box) choose(m *messages.Message, n int) (to []*receiver) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.cfg.Deliver.mode {
	case toAll:
		to = b.receivers
	case toOne:
		if r := b.nextReceiver(); r != nil {
			to = []*receiver{r}
		}
	case toTopic:
		if r := b.byTopic(m); r != nil {
			to = []*receiver{r}
		}
	}
	for _, r := range to {
		r.sent += uint64(n)
	}
	return to
}

func (b *box) nextReceiver() *receiver {
	n := len(b.receivers)
	if n == 0 {
		return nil
	}
	first := b.receivers[0]
	for range n {
		r := b.receivers[first.next%n]
		first.next = (first.next + 1) % n
		if b.creditOf(r) > 0 {
			return r
		}
	}
	return b.receivers[first.next]
}

func (b *box) byTopic(m *messages.Message) (best *receiver) {
	var topic []byte
	if body := m.Body(); len(body) > 0 {
		topic = body[0]
	}
	for _, r := range b.receivers {
		if bytes.HasPrefix(topic, []byte(r.prefix)) && (best == nil || len(r.prefix) > len(best.prefix)) {
			best = r
		}
	}
	return best
}

// touch asks a receiver how far it has got, once every half window.
func (b *box) touch(r *receiver) {
	half := uint64(max(1, b.cfg.Window/2))
	b.mu.Lock()
	due := r.sent-r.touched >= half
	if due {
		r.touched = r.sent
	}
	at := r.sent
	b.mu.Unlock()
	if due {
		b.system.Root.RequestWithCustomSender(r.pid, &actor.Touch{}, b.answerTo(uint32(at)))
	}
}

// touched books an answer: the receiver has processed everything up to the Touch that carried at,
// the low half of its position. A Touch that was lost is made good by the next one.
func (b *box) touched(who *actor.PID, at uint32) {
	b.mu.Lock()
	for _, r := range b.receivers {
		if r.pid.Id != who.GetId() || r.pid.Address != who.GetAddress() {
			continue
		}
		if step := int32(at - uint32(r.acked)); step > 0 {
			r.acked += uint64(step)
		}
	}
	wake := b.starved && b.credit() > 0
	if wake {
		b.starved = false
	}
	b.mu.Unlock()
	if wake {
		b.kick()
	}
}

// None reports whether there are no receivers.
func (r Receivers) None() bool { return len(r.routes) == 0 }
