package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

const (
	wild  = "tcp://127.0.0.1:*"
	beat  = 100 * time.Millisecond
	beats = "100"
)

// harbour is a system with what of ours a test wants in it.
type harbour struct {
	*rig.Rig
	t *testing.T
}

func newHarbour(t *testing.T) *harbour { return &harbour{rig.Start(t, zmqthread.Config{}), t} }

// spawn spawns an actor that is stopped before the sockets are.
func (h *harbour) spawn(p *actor.Props) *actor.PID {
	pid := h.Root.Spawn(p)
	h.t.Cleanup(func() { h.Stop(pid) })
	return pid
}

// queue starts a queue of ours.
func (h *harbour) queue(beat time.Duration, at ...string) (*actor.PID, *queue) {
	h.t.Helper()
	up := make(chan struct{})
	q := &queue{thread: h.Thread, beat: beat, at: [2][]string{at[:1], at[1:]}, up: up}
	pid := h.spawn(q.props())
	if err := wait(h.Ctx, up); err != nil {
		h.t.Fatal(err)
	}
	return pid, q
}

// workers starts n workers of ours that count together, and crash once.
func (h *harbour) workers(n int, at string, beat time.Duration, crash int64) (got, silences *atomic.Int64) {
	got, silences = new(atomic.Int64), new(atomic.Int64)
	w := &worker{thread: h.Thread, queue: []string{at}, beat: beat, silent: func() { silences.Add(1) }, work: func(body [][]byte) [][]byte {
		if got.Add(1) == crash {
			panic("on purpose")
		}
		return body
	}}
	for range n {
		h.spawn(w.props())
	}
	return got, silences
}

func (h *harbour) counts(q *actor.PID) counts {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.Ctx, rig.Patience)
	defer cancel()
	a, err := messages.Call(ctx, h.Root, q, howMany{})
	if err != nil {
		h.t.Fatal(err)
	}
	return a.(counts)
}

// client is one of ours.
func (h *harbour) client(at string, patience time.Duration) *actor.PID {
	return h.Props(client(h.Thread, []string{at}, patience, socket.Options{}))
}

// ask asks n requests of ours, each of which must get its own reply.
func (h *harbour) ask(req *actor.PID, from, n int) {
	h.t.Helper()
	for i := from; i < from+n; i++ {
		if err := ask(h.Ctx, h.Root, req, fmt.Sprint("request ", i)); err != nil {
			h.t.Error(err)
			return
		}
	}
}
