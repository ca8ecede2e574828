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
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

const (
	maxWaiting = 1000 // requests without a worker
	maxIdle    = 1000 // workers without a request
)

// counts is what a queue has seen. It outlives a crash of its queue.
type counts struct {
	Requests, Replies int
	Unsent            int // requests whose worker was gone already: another gets them
	Dropped           int // requests that had to give way to newer ones
	Malformed         int
}

// queue is the actor between a ROUTER for clients and a ROUTER for workers, which are its children. When
// it crashes it comes back with both at the same endpoints, and with nobody idle and nothing waiting.
type queue struct {
	thread *zmqthread.Thread
	at     [2][]string     // of clients, of workers; in the first incarnation what they should be, changed before up is closed
	up     chan<- struct{} // closed when both are bound for the first time

	sockets [2]*actor.PID
	idle    [][][]byte // routes of workers, the longest idle first
	waiting [][][]byte // requests with their clients' routes
	counts  counts
}

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
		q.idle, q.waiting = nil, nil
		if q.open(c); q.up != nil {
			close(q.up)
			q.up = nil
		}
	case *messages.Message:
		if path.Dir(c.Sender().Id) == q.sockets[1].Id { // what a socket delivers comes from below it
			q.fromWorker(c, m.Frames)
		} else {
			q.counts.Requests++
			q.wait(m.Frames)
		}
		q.deal(c)
	case *messages.Rejected:
		q.unsent(m)
		q.deal(c)
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
}

// wait queues a request. The oldest gives way: its client has most likely asked again since.
func (q *queue) wait(request [][]byte) {
	if len(q.waiting) == maxWaiting {
		q.waiting = slices.Delete(q.waiting, 0, 1)
		q.counts.Dropped++
	}
	q.waiting = append(q.waiting, request)
}

// fromWorker takes READY or a reply: in either case the worker is idle again.
func (q *queue) fromWorker(c actor.Context, frames [][]byte) {
	route, body := split(frames)
	ready := len(body) == 1 && string(body[0]) == ready
	if route == nil || !ready && len(body) < 2 {
		q.counts.Malformed++
		return
	}
	q.idle = slices.DeleteFunc(q.idle, func(r [][]byte) bool { return string(r[0]) == string(route[0]) })
	if len(q.idle) < maxIdle {
		q.idle = append(q.idle, route)
	}
	if !ready {
		q.counts.Replies++
		c.Send(q.sockets[0], messages.Bytes(body...)) // a dead letter if the client has gone
	}
}

// deal gives requests to idle workers.
func (q *queue) deal(c actor.Context) {
	for len(q.idle) > 0 && len(q.waiting) > 0 {
		c.Request(q.sockets[1], messages.Bytes(slices.Concat(q.idle[0], q.waiting[0])...))
		q.idle, q.waiting = slices.Delete(q.idle, 0, 1), slices.Delete(q.waiting, 0, 1)
	}
}

// unsent puts a request back whose worker went away while it was idle. Only the workers' ROUTER is asked
// to tell.
func (q *queue) unsent(r *messages.Rejected) {
	if _, request := split(r.Message.GetFrames()); request != nil && errors.Is(r, messages.ErrUnreachable) {
		q.counts.Unsent++
		q.waiting = append([][][]byte{request}, q.waiting[:min(len(q.waiting), maxWaiting-1)]...)
	}
}

// split takes what a ROUTER got from a REQ apart, after the empty frame. A REQ may have put a number in
// front of that (ZMQ_REQ_CORRELATE). Nil, nil: it is not from a REQ.
func split(frames [][]byte) (route, body [][]byte) {
	for n := 1; n < min(3, len(frames)-1); n++ {
		if len(frames[n]) == 0 {
			return frames[: n+1 : n+1], frames[n+1:]
		}
	}
	return nil, nil
}
