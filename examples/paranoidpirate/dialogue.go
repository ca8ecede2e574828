package main

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// fromClient queues a request. The oldest gives way: its client has most likely asked again since.
func (q *queue) fromClient(frames [][]byte) {
	request, err := decode(frames)
	if err != nil || request.kind != "" {
		q.counts.Malformed++
		return
	}
	q.counts.Requests++
	if len(q.waiting) == maxWaiting {
		q.waiting = slices.Delete(q.waiting, 0, 1)
		q.counts.Dropped++
	}
	q.waiting = append(q.waiting, &task{command: request})
}

// fromWorker takes what a worker has sent. A worker that is not known, because it was given up or the
// queue is new, is not heard until it says READY, which it does when it has heard no heartbeat for long
// enough: the first message in any conversation is READY.
func (q *queue) fromWorker(c actor.Context, id string, frames [][]byte) {
	m, err := decode(frames)
	w := q.known[id]
	switch {
	case err != nil:
		q.counts.Malformed++
		return
	case m.kind == ready:
		q.greet(id)
		return
	case w == nil:
		if m.kind == "" {
			q.counts.Stale++
		}
		return
	case m.kind == "" && (w.task == nil || !m.from(w.task.command)):
		q.counts.Stale++
	case m.kind == "":
		q.counts.Replies++
		w.task = nil
		q.idle = append(q.idle, w)
		c.Send(q.sockets[0], messages.Bytes(m.frames()...)) // a dead letter if the client has gone
	}
	w.expiry = time.Now().Add(liveness * q.beat)
}

// greet begins a conversation. A worker that was in one has forgotten what it was doing.
func (q *queue) greet(id string) {
	q.lose(id, &q.counts.Gone)
	if len(q.known) == maxWorkers {
		return // it hears no heartbeat, and comes back
	}
	w := &worksite{id: id, expiry: time.Now().Add(liveness * q.beat)}
	q.known[id] = w
	q.idle = append(q.idle, w)
}

// deal gives requests to idle workers.
func (q *queue) deal(c actor.Context) {
	for len(q.idle) > 0 && len(q.waiting) > 0 {
		w, t := q.idle[0], q.waiting[0]
		q.idle, q.waiting = slices.Delete(q.idle, 0, 1), slices.Delete(q.waiting, 0, 1)
		w.task = t
		t.tries++
		c.Request(q.sockets[1], messages.Bytes(append([][]byte{[]byte(w.id)}, t.frames()...)...))
	}
}
