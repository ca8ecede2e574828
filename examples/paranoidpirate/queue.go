package main

import (
	"context"
	"errors"
	"path"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/examples/majordomo/pulse"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

const (
	maxWaiting = 1000
	maxWorkers = 1000
	maxTries   = 3 // of a request that its workers do not survive
)

// counts is what a queue has seen. It outlives a crash of its queue.
type counts struct {
	Requests, Replies int
	Expired, Gone     int // workers that were silent for too long, or that ZeroMQ does not know any more
	Again             int // requests that were given to another worker for that
	Stale             int // replies of workers that were given up
	Dropped           int // requests: too many, or tried too often
	Malformed         int
}

// queue is the actor between a ROUTER for clients and a ROUTER for workers, which are its children. When
// it crashes it comes back with both at the same endpoints, and knows nobody.
type queue struct {
	thread *zmqthread.Thread
	beat   time.Duration
	at     [2][]string     // of clients, of workers; in the first incarnation what they should be, changed before up is closed
	up     chan<- struct{} // closed when both are bound for the first time

	sockets [2]*actor.PID
	pulse   pulse.Pulse
	known   map[string]*worksite
	idle    []*worksite // the longest idle first
	waiting []*task
	counts  counts
}

// worksite is a worker as the queue knows it. task is a request and how often a worker has got it.
type (
	worksite struct {
		id     string
		expiry time.Time
		task   *task // nil: it is idle
	}
	task struct {
		command
		tries int
	}
)

// howMany asks for counts, boom is a bug in the queue.
type (
	howMany struct{}
	boom    struct{}
)

func (q *queue) props() *actor.Props {
	quick := &supervision.Backoff{Min: 10 * time.Millisecond, Max: 100 * time.Millisecond}
	return actor.PropsFromProducer(func() actor.Actor { return q }, actor.WithSupervisor(quick), actor.WithGuardian(quick))
}

func (q *queue) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		q.known, q.idle, q.waiting = map[string]*worksite{}, nil, nil
		q.open(c)
		q.pulse = pulse.Pulse{}
		q.pulse.Start(c, q.beat)
	case *actor.Stopping, *actor.Restarting:
		q.pulse.Stop()
	case pulse.Tick:
		if late, ok := q.pulse.Take(c, m); ok {
			q.tend(c, time.Now().Add(-late))
		}
	case *messages.Message:
		if path.Dir(c.Sender().Id) == q.sockets[1].Id { // what a socket delivers comes from below it
			q.fromWorker(c, string(m.Frames[0]), m.Frames[1:])
		} else {
			q.fromClient(m.Frames)
		}
		q.deal(c)
	case *messages.Rejected:
		if f := m.Message.GetFrames(); len(f) > 2 || len(f) == 2 && errors.Is(m, messages.ErrUnreachable) {
			q.lose(string(f[0]), &q.counts.Gone)
			q.deal(c)
		}
	case howMany:
		c.Respond(q.counts)
	case boom:
		panic("a bug in the queue")
	}
}

// open opens both sockets, and returns when they are bound.
func (q *queue) open(c actor.Context) {
	ctx, cancel := context.WithTimeout(context.Background(), enough)
	defer cancel()
	for i, name := range []string{"clients", "workers"} {
		pid, err := c.SpawnNamed(socket.Props(q.thread, socket.Config{Type: socket.Router, Bind: q.at[i], Deliver: socket.To(c.Self())}), name)
		var at []string
		if err == nil {
			at, err = socket.Endpoints(ctx, c, pid)
		}
		if err != nil {
			panic(err) // again, after a pause
		}
		if q.up != nil {
			q.at[i] = at // the same ever after
		}
		q.sockets[i] = pid
	}
	if q.up != nil {
		close(q.up)
		q.up = nil
	}
}

// tend sends every worker a heartbeat, and gives those up that were silent for too long.
func (q *queue) tend(c actor.Context, now time.Time) {
	for id, w := range q.known {
		if now.After(w.expiry) {
			q.lose(id, &q.counts.Expired)
			continue
		}
		c.Request(q.sockets[1], messages.Text(id, heartbeat)) // Rejected if it has gone
	}
	q.deal(c)
}

// lose gives up a worker. What it was to do another one does, before anything else.
func (q *queue) lose(id string, count *int) {
	w := q.known[id]
	if w == nil {
		return
	}
	*count++
	q.forget(w)
	if w.task == nil {
		return
	}
	if w.task.tries >= maxTries || len(q.waiting) >= maxWaiting {
		q.counts.Dropped++
		return
	}
	q.counts.Again++
	q.waiting = slices.Insert(q.waiting, 0, w.task)
}

func (q *queue) forget(w *worksite) {
	delete(q.known, w.id)
	q.idle = slices.DeleteFunc(q.idle, func(x *worksite) bool { return x == w })
}
