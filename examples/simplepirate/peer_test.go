package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

var again = &supervision.Backoff{Min: time.Millisecond, Max: 20 * time.Millisecond}

const patience = 250 * time.Millisecond

// harbour is a system with what of ours a test wants in it.
type harbour struct {
	*rig.Rig
	t *testing.T
}

func newHarbour(t *testing.T) *harbour {
	return &harbour{rig.Start(t, zmqthread.Config{}), t}
}

// spawn spawns an actor that is stopped before the sockets are.
func (h *harbour) spawn(p *actor.Props) *actor.PID {
	pid := h.Root.Spawn(p)
	h.t.Cleanup(func() { h.Stop(pid) })
	return pid
}

// queue starts a queue of ours; "" for a wildcard.
func (h *harbour) queue(at ...string) (*actor.PID, *queue) {
	h.t.Helper()
	up := make(chan struct{})
	q := &queue{thread: h.Thread, at: [2][]string{at[:1], at[1:]}, up: up}
	pid := h.spawn(q.props())
	if err := wait(h.Ctx, up); err != nil {
		h.t.Fatal(err)
	}
	return pid, q
}

// worker starts a worker of ours that crashes with request number n of all that it gets, and counts.
func (h *harbour) worker(at string, crash int64, got *atomic.Int64) {
	w := &worker{thread: h.Thread, queue: []string{at}, work: func(body [][]byte) [][]byte {
		if got.Add(1) == crash {
			panic("on purpose")
		}
		return body
	}}
	h.spawn(w.props(again))
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

// ask asks n requests of ours, each of which must get its own reply.
func (h *harbour) ask(req *actor.PID, from, n int) {
	h.t.Helper()
	for i := from; i < from+n; i++ {
		if err := ask(h.Ctx, h.Root, req, fmt.Sprint("request ", i)); err != nil {
			h.t.Fatal(err)
		}
	}
}

const wild = "tcp://127.0.0.1:*"

// A worker that has a request is killed, or stopped: the client asks again, and another worker serves.
// The late reply of the one that was stopped is nobody's.
func TestWorkerLost(t *testing.T) {
	for name, how := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "stopped": syscall.SIGSTOP} {
		t.Run(name, func(t *testing.T) {
			h := newHarbour(t)
			pid, q := h.queue(wild, wild)
			python := peer.Python(t, "zmq")
			lost := peer.Start(t, python, "testdata/worker.py", q.at[1][0], "request 2")
			lost.Await("ready")
			req := h.Props(client(h.Thread, q.at[0], patience))
			h.ask(req, 0, 2)

			held := make(chan struct{})
			go func() {
				defer close(held)
				h.ask(req, 2, 1)
			}()
			lost.Await("holds")
			lost.Signal(how)
			next := peer.Start(t, python, "testdata/worker.py", q.at[1][0], "")
			<-held
			h.ask(req, 3, 4)
			if how == syscall.SIGSTOP {
				lost.Tell("go on")
				lost.Signal(syscall.SIGCONT)
				lost.Await("served request 2")
			}
			h.ask(req, 7, 4)
			next.Await("served ")
			n := h.counts(pid)
			if n.Malformed != 0 || n.Dropped != 0 || n.Requests < 12 || n.Replies < 11 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// Python's clients, a worker of ours that crashes with one request.
func TestTheirClients(t *testing.T) {
	h := newHarbour(t)
	pid, q := h.queue(wild, wild)
	var got atomic.Int64
	h.worker(q.at[1][0], 3, &got)
	python := peer.Python(t, "zmq")
	first := peer.Start(t, python, "testdata/client.py", q.at[0][0], "8", "500")
	second := peer.Start(t, python, "testdata/client.py", q.at[0][0], "8", "500")
	var retries int
	for _, p := range []*peer.Process{first, second} {
		if right := p.Await("right "); right != "8" {
			t.Errorf("%s of 8 replies are right", right)
		}
		var n int
		if _, err := fmt.Sscan(p.Await("again "), &n); err != nil {
			t.Fatal(err)
		}
		retries += n
	}
	if n := h.counts(pid); retries < 1 || n.Requests != 16+retries || n.Malformed != 0 || int(got.Load()) < 17 {
		t.Errorf("%d retries, our worker got %d, %+v", retries, got.Load(), n)
	}
}

// Somebody else's queue is killed and comes back: our worker says again that it is ready, which that of
// the Guide does not.
func TestQueueKilled(t *testing.T) {
	h := newHarbour(t)
	python := peer.Python(t, "zmq")
	p := peer.Start(t, python, "testdata/queue.py", wild, wild)
	clients, workers := p.Await("bound "), p.Await("bound ")
	var got atomic.Int64
	h.worker(workers, 3, &got)
	req := h.Props(client(h.Thread, []string{clients}, patience))
	h.ask(req, 0, 5)
	for round := range 3 {
		p.Kill()
		p = peer.Start(t, python, "testdata/queue.py", clients, workers)
		p.Await("bound ")
		h.ask(req, 5+5*round, 5)
	}
	if n := got.Load(); n < 21 { // 20, and the one that it crashed with
		t.Errorf("our worker got %d requests", n)
	}
}

// What is no READY and no reply is counted, and nothing else happens.
func TestMalformed(t *testing.T) {
	h := newHarbour(t)
	pid, q := h.queue(wild, wild)
	peer.Start(t, peer.Python(t, "zmq"), "-c", strings.ReplaceAll(`
import sys, zmq
d = zmq.Context().socket(zmq.DEALER)
d.connect(sys.argv[1])
for m in ([b"x"], [b""], [b"", b""], [b"", b"x"], [b"a", b"b", b"", b"c"], [b"", b"nobody", b"", b"x"]): d.send_multipart(m)
print("sent", flush=True)
sys.stdin.read()
`, "\t", ""), q.at[1][0]).Await("sent")
	rig.Until(t, "five are malformed", func() bool { return h.counts(pid).Malformed == 5 && h.counts(pid).Replies == 1 })
	var got atomic.Int64
	h.worker(q.at[1][0], 0, &got)
	req := h.Props(client(h.Thread, q.at[0], patience))
	h.ask(req, 0, 3)
}
