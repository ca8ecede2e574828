package main

import (
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/examples/majordomo/pulse"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// errSilent is the failure of a worker that has heard nothing from its queue for too long.
var errSilent = errors.New("the queue is silent")

// worker is an actor whose DEALER, a child, speaks PPP. It works and beats one after the other: one that
// hangs in its work is silent, and the queue notices.
type worker struct {
	thread *zmqthread.Thread
	queue  []string
	beat   time.Duration
	work   func([][]byte) [][]byte // from the body of a request to that of its reply
	silent func()                  // told of every failure that is errSilent

	dealer *actor.PID
	pulse  pulse.Pulse
	heard  time.Time
}

// props are those of w, or of its twin. A failure, be it a crash or silence, costs it its DEALER with all
// that is in it, and a pause: up to the time between two heartbeats, twice that, …, 32 times that.
func (w *worker) props() *actor.Props {
	again := &supervision.Backoff{Min: w.beat, Max: 32 * w.beat, Window: 8 * w.beat}
	return actor.PropsFromProducer(func() actor.Actor { twin := *w; return &twin },
		actor.WithSupervisor(&supervision.Backoff{Min: w.beat}), actor.WithGuardian(again))
}

func (w *worker) Receive(c actor.Context) {
	defer w.fall(c)
	switch m := c.Message().(type) {
	case *actor.Started:
		w.dealer = c.Spawn(socket.Props(w.thread, socket.Config{Type: socket.Dealer, Connect: w.queue, Deliver: socket.To(c.Self()),
			Options: socket.Options{ReconnectInterval: 20 * time.Millisecond}}))
		w.say(c, command{kind: ready})
		w.heard = time.Now()
		w.pulse.Start(c, w.beat)
	case *actor.Stopping, *actor.Restarting:
		w.pulse.Stop()
	case pulse.Tick:
		late, ok := w.pulse.Take(c, m)
		if !ok {
			return
		}
		if time.Since(w.heard)-late > liveness*w.beat {
			w.silent()
			panic(errSilent)
		}
		w.say(c, command{kind: heartbeat})
	case *messages.Message:
		w.hear(c, m)
	}
}

// fall closes the DEALER of a worker that fails now, and not after the pause: the queue is to know.
func (w *worker) fall(c actor.Context) {
	if reason := recover(); reason != nil {
		c.Stop(w.dealer)
		panic(reason)
	}
}

// hear takes anything as a sign of life, and does what it is asked to do.
func (w *worker) hear(c actor.Context, m *messages.Message) {
	if request, err := decode(m.Frames); err != nil {
		c.Logger().Warn("from the queue", "error", err)
	} else if request.kind == "" {
		request.body = w.work(request.body)
		w.say(c, request)
	}
	w.heard = time.Now() // after the work: meanwhile nobody has listened
}

func (w *worker) say(c actor.Context, m command) { c.Send(w.dealer, messages.Bytes(m.frames()...)) }
