package main

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// server is one of the two servers, or the only one: an actor, and its sockets for siblings. Those that
// receive are an XSUB where RFC 12 has a SUB, which is the same to their peers, and says to the actor
// who it is.
//
//	ICANHAZ → router → server → pub   → KVPUB, HUGZ
//	KVSET → collector → server ← copies ← the peer's pub
//	                    server ⇄ dealer ⇄ the peer's router
type server struct {
	thread   *zmqthread.Thread
	primary  bool
	me, peer site          // without a peer it is active at once
	beat     time.Duration // between HUGZ
	most     limit
	became   func(active bool) // told of each change, in the actor; may be nil

	standing *standing
	store    *store    // while it is active
	copy     *replica  // while it is passive
	pending  pending   // what clients have set and the peer has not published
	askAt    time.Time // when the peer may be asked again
	sending  chan struct{}
	ticks    *time.Timer
	counts   counts

	parent, self, router, pub, collector, copies, dealer *actor.PID
}

// counts is what a server has done.
type counts struct {
	active, live        bool // it serves; it has a copy
	keys                int
	sequence            uint64
	set, refused        int // KVSETs
	waiting             int // not set: the peer is active, and has not published them
	takenOver           int // of these: those that its peer had not published when it became active
	snapshots, unserved int // ICANHAZ
	malformed           int // messages that are not CHP
	split               int // how often both were active
}

// howMany asks a server for its counts.
type howMany struct{}

type tick struct{}

func (s *server) spawn(system *actor.ActorSystem, name string) (err error) {
	pid := func(child string) *actor.PID { return system.NewLocalPID(name + "/" + child) }
	s.self, s.router, s.pub, s.collector, s.copies, s.dealer = pid("server"), pid("router"), pid("pub"), pid("collector"), pid("copies"), pid("dealer")
	s.sending = make(chan struct{}, 8)
	me := socket.To(s.self)
	again := socket.Options{ReconnectInterval: 20 * time.Millisecond, ReconnectMax: 200 * time.Millisecond, Immediate: true}
	props := func(cfg socket.Config) *actor.Props { return socket.Props(s.thread, cfg) }
	children := []child{{"server", actor.PropsFromProducer(func() actor.Actor { return s })},
		{"router", props(socket.Config{Type: socket.Router, Bind: []string{s.me.snapshot}, Deliver: me, MuteTimeout: 2 * time.Second})},
		{"pub", props(socket.Config{Type: socket.Pub, Bind: []string{s.me.publisher}, Options: socket.Options{DropSlow: true, SendHWM: 100_000}})},
		{"collector", props(socket.Config{Type: socket.XSub, Bind: []string{s.me.collector}, Subscribe: []string{""}, Deliver: me})}}
	if s.peer != (site{}) {
		children = append(children,
			child{"copies", props(socket.Config{Type: socket.XSub, Connect: []string{s.peer.publisher}, Subscribe: []string{""}, Deliver: me, Options: again})},
			child{"dealer", props(socket.Config{Type: socket.Dealer, Connect: []string{s.peer.snapshot}, Deliver: me, Options: again,
				Outbox: socket.Limit{Messages: 1}, Overflow: socket.DropOldest})}) // one request for a snapshot will do
	}
	s.parent, err = family(system, name, &supervision.Backoff{Min: 20 * time.Millisecond, Max: time.Second}, children)
	return err
}

func (s *server) Receive(c actor.Context) {
	now := time.Now()
	switch m := c.Message().(type) {
	case *actor.Started:
		s.begin(now)
		s.tick(c, now)
	case tick:
		s.tick(c, now)
	case *actor.Stopping, *actor.Restarting:
		s.ticks.Stop()
	case *messages.Message:
		switch {
		case m.Envelope > 0:
			s.asked(c, now, m)
		case c.Sender().Equal(s.collector):
			s.collected(c, now, m)
		default:
			s.heard(c, now, m)
		}
	case howMany:
		c.Respond(s.counted())
	}
}

// begin begins as a passive server, with what it has.
func (s *server) begin(now time.Time) {
	silent := 3 * s.beat
	s.standing, s.copy = newStanding(now, s.primary, silent), newReplica("", 1, silent, s.most)
	if s.store != nil {
		s.copy.store = s.store
	}
	s.store = nil
	if s.peer == (site{}) {
		s.standing.until = now
	}
	s.copy.begin(now)
}

// tick sends HUGZ, if this server is active.
func (s *server) tick(c actor.Context, now time.Time) {
	s.standing.tick(now)
	s.turn(c, now)
	if s.standing.active {
		for _, u := range s.store.expire(now) {
			s.publish(c, u)
		}
		s.publish(c, update{key: hugz})
	} else {
		s.copy.tick(now)
	}
	s.pending.forget(now.Add(-30 * s.beat))
	root, self := c.ActorSystem().Root, c.Self()
	s.ticks = time.AfterFunc(s.beat, func() { root.Send(self, tick{}) })
}

// turn is called when it may have become active, or passive.
func (s *server) turn(c actor.Context, now time.Time) {
	switch {
	case s.standing.active && s.store == nil:
		s.store = s.copy.store
		for _, u := range s.pending.take() {
			s.counts.takenOver++
			s.set(c, now, u)
		}
		s.publish(c, update{key: hugz}) // for the peer, too
	case !s.standing.active && s.store != nil:
		s.copy = newReplica("", 1, s.copy.silent, s.most)
		s.copy.store, s.store = s.store, nil
		s.copy.begin(now)
	default:
		return
	}
	if s.became != nil {
		s.became(s.standing.active)
	}
}

// askPeer asks the peer for a copy, now and then, until that comes. Only a peer that is heard is asked: to be
// asked would make a passive one active.
func (s *server) askPeer(c actor.Context, now time.Time) {
	if !s.copy.live && !now.Before(s.askAt) {
		s.askAt = now.Add(2 * s.beat)
		c.Send(s.dealer, messages.Text(icanhaz, ""))
	}
}

func (s *server) counted() counts {
	n := s.counts
	n.active, n.live, n.split, n.waiting = s.standing.active, s.copy.live, s.standing.split, len(s.pending.all)
	n.keys, n.sequence = len(s.copy.store.values), s.copy.store.sequence
	if s.store != nil {
		n.keys, n.sequence = len(s.store.values), s.store.sequence
	}
	return n
}
