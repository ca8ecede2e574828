// Package worker is a Majordomo worker as an actor, in MDP 0.1 or 0.2 (RFC 7, RFC 18).
package worker

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
	"github.com/sockeye-mq/sockeye/examples/majordomo/pulse"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// Why a worker starts over, beside the crashes of its work.
var (
	ErrSilent       = errors.New("the broker is silent")
	ErrDisconnected = errors.New("the broker has sent DISCONNECT")
)

// Config of a worker.
type Config struct {
	Thread    *zmqthread.Thread
	Broker    string // endpoint
	Service   string
	Version   mdp.Version   // default V1
	Heartbeat time.Duration // between two, both ways; after three without one the broker is gone. Default 2.5 s

	// Work makes a reply of a request. What it gives to partial is sent at once as a partial reply; in V1,
	// where there is none, it is part of the reply. A panic is a crash of the worker. While it works the
	// worker sends no heartbeats, so that one that hangs is noticed.
	Work func(body [][]byte, partial func(...[]byte)) [][]byte

	// Failed is told why the worker starts over, if it is ErrSilent or ErrDisconnected. Default: nobody.
	Failed func(error)
}

const liveness = 3

// worker is the actor. Its DEALER is its child.
type worker struct {
	Config
	dealer *actor.PID
	pulse  pulse.Pulse
	heard  time.Time
}

// Props are those of a worker. A failure, be it a crash, silence or a DISCONNECT, costs it its DEALER with
// all that is in it, and a pause: up to the time between two heartbeats, twice that, …, 32 times that.
func Props(cfg Config) *actor.Props {
	if cfg.Version == 0 {
		cfg.Version = mdp.V1
	}
	if cfg.Heartbeat == 0 {
		cfg.Heartbeat = 2500 * time.Millisecond
	}
	if cfg.Failed == nil {
		cfg.Failed = func(error) {}
	}
	again := &supervision.Backoff{Min: cfg.Heartbeat, Max: 32 * cfg.Heartbeat, Window: 8 * cfg.Heartbeat}
	return actor.PropsFromProducer(func() actor.Actor { return &worker{Config: cfg} },
		actor.WithSupervisor(&supervision.Backoff{Min: cfg.Heartbeat}), actor.WithGuardian(again))
}

// Receive implements actor.Actor.
func (w *worker) Receive(c actor.Context) {
	defer w.fall(c)
	switch m := c.Message().(type) {
	case *actor.Started:
		w.dealer = c.Spawn(socket.Props(w.Thread, socket.Config{Type: socket.Dealer, Connect: []string{w.Broker},
			Deliver: socket.To(c.Self()), Options: socket.Options{ReconnectInterval: 20 * time.Millisecond}}))
		w.say(c, mdp.Command{Kind: mdp.Ready, Service: w.Service})
		w.heard = time.Now()
		w.pulse.Start(c, w.Heartbeat)
	case *actor.Stopping, *actor.Restarting:
		w.pulse.Stop()
	case pulse.Tick:
		late, ok := w.pulse.Take(c, m)
		if !ok {
			return
		}
		if time.Since(w.heard)-late > liveness*w.Heartbeat {
			w.fail(ErrSilent)
		}
		w.say(c, mdp.Command{Kind: mdp.Heartbeat})
	case *messages.Message:
		w.take(c, m)
	}
}

// fall closes the DEALER of a worker that fails now, and not after the pause: the broker is to know.
func (w *worker) fall(c actor.Context) {
	if reason := recover(); reason != nil {
		c.Stop(w.dealer)
		panic(reason)
	}
}

// fail has the supervisor start over.
func (w *worker) fail(err error) {
	w.Failed(err)
	panic(fmt.Errorf("worker of %s: %w", w.Service, err))
}

// take takes anything as a sign of life but DISCONNECT, and does what it is asked to do.
func (w *worker) take(c actor.Context, message *messages.Message) {
	m, err := mdp.FromBroker(message.Frames)
	switch {
	case err != nil:
		c.Logger().Warn("from the broker", "error", err)
	case m.Kind == mdp.Disconnect:
		w.fail(ErrDisconnected)
	case m.Kind == mdp.Request:
		w.work(c, m)
	}
	w.heard = time.Now() // after the work: meanwhile nobody has listened
}

func (w *worker) work(c actor.Context, m mdp.Command) {
	var parts [][]byte
	body := w.Work(m.Body, func(part ...[]byte) {
		if w.Version == mdp.V1 {
			parts = append(parts, part...)
			return
		}
		w.say(c, mdp.Command{Kind: mdp.Partial, Address: m.Address, Body: part})
	})
	w.say(c, mdp.Command{Kind: mdp.Final, Address: m.Address, Body: slices.Concat(parts, body)})
}

func (w *worker) say(c actor.Context, m mdp.Command) {
	m.Role, m.Version = mdp.Worker, w.Version
	c.Send(w.dealer, messages.Bytes(m.Frames()...))
}
