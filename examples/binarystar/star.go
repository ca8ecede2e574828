package main

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// star is one of the two servers: an actor, and three sockets for its siblings.
//
//	clients ⇄ ROUTER ⇄ star → PUB → the peer's SUB
//	                   star ← SUB ← the peer's PUB
type star struct {
	thread      *zmqthread.Thread
	role        state
	front       string // where clients connect
	here, there string // where the heartbeats of this one, and of its peer, are published
	beat        time.Duration
	do          func(*messages.Message) *messages.Message
	became      func(state) // told of each change, in the actor; may be nil

	machine *machine
	said    state // what became was told
	ticks   *time.Timer
	counts  counts

	parent, self, router, pub, sub *actor.PID
}

// counts is what a star has done.
type counts struct {
	state     state
	served    int // requests
	refused   int // requests that were for the other one: no answer
	malformed int // heartbeats
	split     int // heartbeats that told of two active servers
}

// howMany asks a star for its counts.
type howMany struct{}

type tick struct{}

// spawn returns when all are spawned.
func (s *star) spawn(system *actor.ActorSystem, name string) error {
	pid := func(child string) *actor.PID { return system.NewLocalPID(name + "/" + child) }
	s.self, s.router, s.pub, s.sub = pid("star"), pid("router"), pid("pub"), pid("sub")
	up := make(chan error, 1)
	var err error
	s.parent, err = system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			up <- s.children(c)
		}
	}, actor.WithSupervisor(&supervision.Backoff{Min: 20 * time.Millisecond, Max: time.Second})), name)
	if err != nil {
		return err
	}
	return <-up
}

func (s *star) children(c actor.Context) error {
	if _, err := c.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return s }), "star"); err != nil {
		return err
	}
	again := socket.Options{ReconnectInterval: 20 * time.Millisecond, ReconnectMax: time.Second}
	for name, cfg := range map[string]socket.Config{
		"router": {Type: socket.Router, Bind: []string{s.front}, Deliver: socket.To(s.self), MuteTimeout: time.Second},
		"pub":    {Type: socket.Pub, Bind: []string{s.here}, Options: socket.Options{DropSlow: true, SendHWM: 2}},
		"sub":    {Type: socket.Sub, Connect: []string{s.there}, Subscribe: []string{""}, Deliver: socket.To(s.self), Options: again},
	} {
		if _, err := c.SpawnNamed(socket.Props(s.thread, cfg), name); err != nil {
			return err
		}
	}
	return nil
}

func (s *star) Receive(c actor.Context) {
	now := time.Now()
	switch m := c.Message().(type) {
	case *actor.Started:
		s.machine = newMachine(now, s.role, 3*s.beat)
		s.tick(c)
	case tick:
		s.machine.tick(now)
		s.tick(c)
	case *actor.Stopping, *actor.Restarting:
		s.ticks.Stop()
	case *messages.Message:
		if m.Envelope > 0 { // a ROUTER delivers messages with where they came from
			s.serve(c, now, m)
		} else {
			s.hear(now, m)
		}
	case howMany:
		s.counts.state, s.counts.split = s.machine.state, s.machine.split
		c.Respond(s.counts)
	}
	if s.machine != nil && s.became != nil && s.said != s.machine.state {
		s.said = s.machine.state
		s.became(s.said)
	}
}

// tick sends a heartbeat and sees to the next.
func (s *star) tick(c actor.Context) {
	c.Send(s.pub, messages.Bytes(s.machine.state.heartbeat()))
	root, self := c.ActorSystem().Root, c.Self()
	s.ticks = time.AfterFunc(s.beat, func() { root.Send(self, tick{}) })
}

func (s *star) hear(now time.Time, m *messages.Message) {
	p, err := decodeState(m.Frames)
	if err != nil {
		s.counts.malformed++
		return
	}
	s.machine.peer(now, p)
}

func (s *star) serve(c actor.Context, now time.Time, m *messages.Message) {
	if !s.machine.request(now) {
		s.counts.refused++
		return
	}
	s.counts.served++
	c.Respond(s.do(m))
}
