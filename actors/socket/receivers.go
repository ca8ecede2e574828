package socket

import (
	"bytes"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// Receivers say who gets what a socket receives. Each has a credit of its own (Config.Window): a
// receiver is an ordinary actor and does nothing for it, since actor.Touch, which the framework
// answers in order, says how far it has got (facts P10).
type Receivers struct {
	mode   mode
	skip   bool
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
func To(pids ...*actor.PID) Receivers { return Receivers{mode: toAll, routes: routesTo(pids)} }

// RoundRobin delivers each message, or Batch, to the next of pids that has credit.
func RoundRobin(pids ...*actor.PID) Receivers { return Receivers{mode: toOne, routes: routesTo(pids)} }

// ByTopic delivers each message to the actor with the longest prefix of its first body frame; ""
// is every message. What no prefix fits is counted and dropped. The slowest sets the pace.
func ByTopic(topics map[string]*actor.PID) Receivers {
	r := Receivers{mode: toTopic}
	for prefix, pid := range topics {
		r.routes = append(r.routes, route{prefix, pid})
	}
	return r
}

// SkipSlow makes To and ByTopic pass over a receiver whose window is used up, and count what it
// missed (Ledger.Skipped), instead of letting the slowest set the pace. The socket is still not
// read while nobody has credit. An XPub always passes over them, and over all of them if need be, for
// libzmq reads subscriptions whether there is room or not.
func (r Receivers) SkipSlow() Receivers {
	r.skip = true
	return r
}

// None reports whether there are no receivers.
func (r Receivers) None() bool { return len(r.routes) == 0 }

func routesTo(pids []*actor.PID) []route {
	routes := make([]route, len(pids))
	for i, pid := range pids {
		routes[i].pid = pid
	}
	return routes
}

// OnDead says what happens when a receiver dies.
type OnDead int

const (
	StopSocket OnDead = iota // the socket stops with ErrReceiverGone
	HoldBack                 // the others go on; without others the socket is not read until one is attached
	DropRest                 // the others go on; without others what arrives is dropped and counted
)

// Live commands, answered with messages.Done.
type (
	// Attach adds a receiver. Topic is its prefix, for ByTopic.
	Attach struct {
		PID   *actor.PID
		Topic string
	}
	// Detach takes a receiver away. Without receivers the socket is not read.
	Detach struct{ PID *actor.PID }
)

// choose says which receivers get n messages that begin with m, and books them.
func (b *box) choose(m *messages.Message, n int) (to []*receiver) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.cfg.Deliver.mode {
	case toAll:
		to = slices.Clone(b.receivers)
	case toOne:
		if r := b.nextReceiver(n); r != nil {
			to = []*receiver{r}
		}
	case toTopic:
		if r := b.byTopic(m); r != nil {
			to = []*receiver{r}
		}
	}
	if b.cfg.Deliver.skip {
		to = slices.DeleteFunc(to, func(r *receiver) bool {
			slow := b.creditOf(r) < n
			if slow {
				b.books.skipped += uint64(n)
			}
			return slow
		})
	}
	for _, r := range to {
		r.sent += uint64(n)
	}
	return to
}

// nextReceiver is the next in turn that has credit for n messages; nil: there is none.
func (b *box) nextReceiver(n int) *receiver {
	for range b.receivers {
		r := b.receivers[b.turn%len(b.receivers)]
		b.turn = (b.turn + 1) % len(b.receivers)
		if b.creditOf(r) >= n {
			return r
		}
	}
	return nil
}

// mustWait reports whether n messages have to stay in the inbox for a while: they were received for
// a receiver that is gone since, and the others have no credit left.
func (b *box) mustWait(n int) bool {
	if b.cfg.Deliver.mode != toOne && !(b.cfg.Deliver.mode == toAll && b.cfg.Deliver.skip) {
		return false // the slowest sets the pace, and when it goes there is more
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stuck = len(b.receivers) > 0 && !b.takes(n)
	return b.stuck
}

// takes reports whether the receivers have credit for n messages. Caller holds mu.
func (b *box) takes(n int) bool {
	poor := func(r *receiver) bool { return b.creditOf(r) < n }
	if b.cfg.Deliver.mode == toOne || b.cfg.Deliver.skip {
		return slices.ContainsFunc(b.receivers, func(r *receiver) bool { return !poor(r) })
	}
	return !slices.ContainsFunc(b.receivers, poor)
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

// attach adds a receiver.
func (s *socket) attach(c actor.Context, m *Attach) error {
	switch {
	case m.PID == nil:
		return &ConfigError{"Attach.PID", nil, "a nil PID"}
	case !s.pattern.receives():
		return &ConfigError{"Attach", m.PID.Id, known[s.cfg.Type] + " receives nothing"}
	}
	c.Watch(m.PID)
	s.mu.Lock()
	s.addReceiver(route{m.Topic, m.PID})
	s.starved = false
	post := s.box.nudge() // to hand over what was held back
	s.mu.Unlock()
	post()
	s.kick()
	return nil
}

// detach takes a receiver away and reports whether it was one.
func (s *socket) detach(c actor.Context, pid *actor.PID) bool {
	if pid == nil {
		return false
	}
	s.mu.Lock()
	var old *receiver
	s.receivers = slices.DeleteFunc(slices.Clone(s.receivers), func(r *receiver) bool {
		if r.is(pid) {
			old = r
		}
		return r.is(pid)
	})
	found := old != nil
	if found {
		s.keepAccount(old)
	}
	s.starved = s.starved && !found
	post := func() {}
	if found {
		post = s.box.nudge() // what waits for credit may have nobody to wait for
	}
	s.mu.Unlock()
	post()
	if found {
		s.careful(func() { s.sendTouch(old, old.sent) }) // how far it gets with what it has
		c.Unwatch(pid)
		s.kick() // it may have been the slow one
	}
	return found
}
