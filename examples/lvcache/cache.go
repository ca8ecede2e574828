package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// cache is an actor, with the two sockets for siblings. It waits for one of them, and so it must not be the
// parent, who restarts it.
//
//	publishers → SUB → cache → XPUB ⇄ subscribers
type cache struct {
	thread *zmqthread.Thread
	in     []string // where publishers connect
	out    []string // where subscribers do
	values *values  // outlive the actor's incarnations
	counts counts

	parent, self, sub, xpub *actor.PID
}

// counts is what a cache has done.
type counts struct {
	updates int // that came
	repeats int // values that were sent again, each to all subscribers of its topic
	lost    int // of both: the XPUB did not take them
}

// howMany asks a cache for its counts.
type howMany struct{}

// spawn returns when all are spawned. Not both sockets need be open then.
func (k *cache) spawn(system *actor.ActorSystem, name string) error {
	pid := func(child string) *actor.PID { return system.NewLocalPID(name + "/" + child) }
	k.self, k.sub, k.xpub = pid("cache"), pid("sub"), pid("xpub")
	restart := &supervision.Backoff{Min: 20 * time.Millisecond, Max: time.Second}
	up := make(chan error, 1)
	var err error
	k.parent, err = system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			up <- k.children(c)
		}
	}, actor.WithSupervisor(restart)), name)
	if err != nil {
		return err
	}
	return <-up
}

// children spawns the cache and its sockets. The XPUB tells of every subscriber, not of each topic's first
// alone, and drops for one that does not keep up with more than all the values that there can be.
func (k *cache) children(c actor.Context) error {
	_, err := c.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return k }), "cache")
	if err != nil {
		return err
	}
	if _, err = c.SpawnNamed(socket.Props(k.thread, socket.Config{Type: socket.XPub, Bind: k.out, Deliver: socket.To(k.self), Window: 1 << 16,
		Options: socket.Options{XPubVerbose: true, DropSlow: true, SendHWM: k.values.most.topics + 1000}}), "xpub"); err != nil {
		return err
	}
	_, err = c.SpawnNamed(socket.Props(k.thread, socket.Config{Type: socket.Sub, Bind: k.in, Subscribe: []string{""},
		Deliver: socket.To(k.self), Batch: 256}), "sub")
	return err
}

func (k *cache) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *messages.Batch:
		k.update(c, m)
	case *messages.Message:
		k.subscribed(c, m)
	case howMany:
		c.Respond(k.counts)
	}
}

// update keeps what has come and passes it on.
func (k *cache) update(c actor.Context, b *messages.Batch) {
	for _, m := range b.Messages() {
		k.counts.updates++
		k.values.keep(m.Frames)
	}
	k.send(c, b)
}

// subscribed sends a subscriber the values of what it has subscribed to. Others who have subscribed to the
// same get them again: an XPUB addresses topics, not subscribers.
func (k *cache) subscribed(c actor.Context, m *messages.Message) {
	if len(m.Frames) != 1 || len(m.Frames[0]) == 0 || m.Frames[0][0] != 1 {
		return // somebody has unsubscribed, or says something that is not for us
	}
	b := messages.NewBatch()
	for value := range k.values.under(string(m.Frames[0][1:])) {
		b.Append(value...)
		if b.Count == 256 {
			k.repeat(c, b)
			b = messages.NewBatch()
		}
	}
	if b.Count > 0 {
		k.repeat(c, b)
	}
}

func (k *cache) repeat(c actor.Context, b *messages.Batch) {
	k.counts.repeats += int(b.Count)
	k.send(c, b)
}

// send waits until the XPUB has sent it, which takes no longer than writing it to libzmq's queues. When the
// XPUB is down, that is when it is up again; meanwhile the publishers are held up.
func (k *cache) send(c actor.Context, b *messages.Batch) {
	if err := messages.Put(context.Background(), c, k.xpub, b); err != nil {
		k.counts.lost += int(b.Count)
		if !errors.Is(err, messages.ErrStopped) {
			c.Logger().Warn("send", slog.Any("error", err))
		}
	}
}
