package main

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// client is an actor that is asked with messages.Ask, and its ROUTER. Both are children of one parent.
//
//	who asks → client ⇄ ROUTER ⇄ the servers' ROUTERs
type client struct {
	thread *zmqthread.Thread
	agent  *agent
	asked  map[uint64]asked // the requests under way
	ticks  *time.Timer
	counts counts

	parent, self, router *actor.PID
}

type asked struct {
	by      *actor.PID
	message *messages.Message
}

// counts is what a client has seen.
type counts struct {
	sent, answered, failed int // requests; those that are sent again count again
	late                   int // replies to what was answered already, or has failed
	malformed              int // messages that are not FLP
}

// howMany asks a client for its counts.
type howMany struct{}

type tick struct{}

// newClient returns a client of these servers.
func newClient(t *zmqthread.Thread, p patience, servers ...string) *client {
	return &client{thread: t, agent: newAgent(p, 1024, servers...), asked: map[uint64]asked{}}
}

// spawn returns when both are spawned.
func (k *client) spawn(system *actor.ActorSystem, name string) error {
	pid := func(child string) *actor.PID { return system.NewLocalPID(name + "/" + child) }
	k.self, k.router = pid("client"), pid("router")
	up := make(chan error, 1)
	var err error
	k.parent, err = system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			up <- k.children(c)
		}
	}, actor.WithSupervisor(&supervision.Backoff{Min: 20 * time.Millisecond, Max: time.Second})), name)
	if err != nil {
		return err
	}
	return <-up
}

// children spawns both. What is for a server that does not read comes back instead of waiting for it: its
// requests are for another one then.
func (k *client) children(c actor.Context) error {
	if _, err := c.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return k }), "client"); err != nil {
		return err
	}
	cfg := socket.Config{Type: socket.Router, Deliver: socket.To(k.self), MuteTimeout: k.agent.patience.silent,
		Options: socket.Options{ReconnectInterval: 20 * time.Millisecond, ReconnectMax: 200 * time.Millisecond}}
	for _, s := range k.agent.servers {
		cfg.Connect = append(cfg.Connect, s.name)
	}
	_, err := c.SpawnNamed(socket.Props(k.thread, cfg), "router")
	return err
}

func (k *client) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started, tick:
		k.tick(c)
	case *actor.Stopping, *actor.Restarting:
		k.ticks.Stop()
	case *messages.Message:
		if m.Envelope > 0 { // a ROUTER delivers messages with where they came from
			k.hear(c, m)
		} else {
			k.ask(c, m)
		}
	case *messages.Rejected:
		if m.Message != nil {
			k.send(c, k.agent.lost(time.Now(), string(m.Message.Frames[0])))
		}
	case howMany:
		c.Respond(k.counts)
	}
}

func (k *client) ask(c actor.Context, m *messages.Message) {
	number, out, ok := k.agent.ask(time.Now(), m.Frames)
	if !ok {
		c.Respond(&messages.Rejected{Message: m, Reason: messages.Reason_FULL, Detail: "too many requests are under way"})
		return
	}
	k.asked[number] = asked{c.Sender(), m}
	k.send(c, out)
}

func (k *client) hear(c actor.Context, m *messages.Message) {
	r, err := decodeReply(m.Frames[1:])
	if err != nil {
		k.counts.malformed++
		return
	}
	answered, out := k.agent.heard(time.Now(), string(m.Frames[0]), r)
	switch {
	case answered:
		k.counts.answered++
		k.answer(c, r.number, messages.Bytes(r.body...))
	case r.body != nil:
		k.counts.late++
	}
	k.send(c, out)
}

func (k *client) tick(c actor.Context) {
	failed, out := k.agent.tick(time.Now())
	for _, number := range failed {
		k.counts.failed++
		k.answer(c, number, &messages.Rejected{Message: k.asked[number].message, Reason: messages.Reason_TIMED_OUT, Detail: "no server has answered"})
	}
	k.send(c, out)
	root, self := c.ActorSystem().Root, c.Self()
	k.ticks = time.AfterFunc(k.agent.patience.ping/4, func() { root.Send(self, tick{}) })
}

func (k *client) answer(c actor.Context, number uint64, with any) {
	if by := k.asked[number].by; by != nil {
		c.Send(by, with)
	}
	delete(k.asked, number)
}

// send sends commands. One that has no way to its server comes back as Rejected.
func (k *client) send(c actor.Context, out []send) {
	for _, s := range out {
		if s.what.body != nil {
			k.counts.sent++
		}
		c.Request(k.router, messages.Bytes(append([][]byte{[]byte(s.to)}, s.what.frames()...)...))
	}
}
