package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// tree is an ordinary actor. Its children are a client and a server, a pipeline, and the actor that
// answers for the server.
//
//	req → rep → answerer        push → pull → sink
type tree struct {
	thread *zmqthread.Thread
	server string     // where rep binds
	sink   *actor.PID // gets what pull receives
	teller *actor.PID // gets all events
	up     chan error // told when all are spawned

	answerer *actor.PID // nil when the tree stops
}

// die is for the answerer, by way of its parent. Answered with *messages.Done.
type die struct{}

// spawn spawns the tree and returns when it has its children. Not all need be open then.
func (t *tree) spawn(system *actor.ActorSystem) (*actor.PID, error) {
	t.up = make(chan error, 1)
	pid, err := system.Root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return t },
		// Who fails comes back after 20 ms, 40 ms, 80 ms, … at most, however often, and alone.
		actor.WithSupervisor(&supervision.Backoff{Min: 20 * time.Millisecond, Max: 200 * time.Millisecond})), "tree")
	if err != nil {
		return nil, err
	}
	return pid, <-t.up
}

func (t *tree) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		t.up <- t.plant(c)
	case *actor.Stopping:
		t.answerer = nil
	case *actor.Terminated:
		if t.answerer != nil && m.Who.Equal(t.answerer) {
			t.answerer = c.Spawn(actor.PropsFromFunc(answer))
			c.Send(t.teller, line{who: "tree", what: "the receiver has died: here is another"})
			c.Request(c.ActorSystem().NewLocalPID("tree/rep"), &socket.Attach{PID: t.answerer})
		}
	case die:
		c.Stop(t.answerer)
		c.Respond(&messages.Done{})
	case error: // *messages.Refused, if rep did not want it
		c.Logger().Error("attach", slog.Any("error", m))
	}
}

// plant spawns the children.
func (t *tree) plant(c actor.Context) error {
	open := func(name string, cfg socket.Config) (*actor.PID, error) {
		cfg.Events = t.teller
		return c.SpawnNamed(socket.Props(t.thread, cfg), name)
	}
	pull, err := open("pull", socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"},
		Deliver: socket.To(t.sink), Window: 16}) // what a slow sink has no time for waits in ZeroMQ
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	at, err := socket.Endpoints(ctx, c, pull)
	if err != nil {
		return err
	}
	if _, err := open("push", socket.Config{Type: socket.Push, Connect: at, Options: socket.Options{SendHWM: 10}}); err != nil {
		return err
	}
	t.answerer = c.Spawn(actor.PropsFromFunc(answer))
	if _, err := open("rep", socket.Config{Type: socket.Rep, Bind: []string{t.server},
		Deliver: socket.To(t.answerer), OnDead: socket.HoldBack}); err != nil { // requests wait for the next answerer
		return err
	}
	_, err = open("req", socket.Config{Type: socket.Req, Connect: []string{t.server},
		ReplyTimeout: 400 * time.Millisecond, Retries: 1000}) // a request that got lost is sent again
	return err
}

func answer(c actor.Context) {
	switch m := c.Message().(type) {
	case *messages.Message:
		c.Respond(messages.Text(strings.ToUpper(m.Text())))
	}
}
