package main

import (
	"errors"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// ready is what a worker says first. After that its replies say it.
const ready = "\x01"

var errLost = errors.New("the queue is gone, or was")

// worker is an actor whose REQ, a child, asks the queue for work: a request is the reply to READY, or to
// the reply to the request before. A panic in the work is a crash: the supervisor has it start over, with
// another REQ.
type worker struct {
	thread *zmqthread.Thread
	queue  []string
	work   func([][]byte) [][]byte // from the body of a request to that of its reply
	req    *actor.PID
}

func (w *worker) props(on actor.SupervisorStrategy) *actor.Props {
	again := &supervision.Backoff{Min: 10 * time.Millisecond, Max: 200 * time.Millisecond}
	return actor.PropsFromProducer(func() actor.Actor { return &worker{thread: w.thread, queue: w.queue, work: w.work} },
		actor.WithSupervisor(again), actor.WithGuardian(on))
}

func (w *worker) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		w.req = c.Spawn(socket.Props(w.thread, socket.Config{Type: socket.Req, Connect: w.queue, Events: c.Self(),
			// By position is how the Guide's queue takes a worker's envelope apart. And it waits for ever.
			Options: socket.Options{NoCorrelate: true, ReconnectInterval: 20 * time.Millisecond}, ReplyTimeout: 24 * time.Hour}))
		w.ask(c, messages.Text(ready))
	case *messages.Message:
		if route, body := split(m.Frames); route != nil {
			w.ask(c, messages.Bytes(slices.Concat(route, w.work(body))...))
		} else { // not from a client that is a REQ
			w.ask(c, messages.Text(ready))
		}
	case *socket.Disconnected:
		// The queue that comes back does not know that we are waiting for it. A new REQ may ask again.
		c.Request(w.req, &socket.Fail{Err: errLost})
	case *messages.Rejected: // what had been asked, because of that
		w.ask(c, messages.Text(ready))
	}
}

// ask sends m. What comes back, *messages.Message or *messages.Rejected, is for this actor.
func (w *worker) ask(c actor.Context, m *messages.Message) { c.Request(w.req, m) }
