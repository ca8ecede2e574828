package main

import (
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// A worker that has a request is killed, stopped, or busy for too long: the queue gives the request to
// another. The client, who has all the patience in the world, asks every request once.
func TestWorkerLost(t *testing.T) {
	for name, how := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "stopped": syscall.SIGSTOP, "busy": 0} {
		t.Run(name, func(t *testing.T) {
			h := newHarbour(t)
			pid, q := h.queue(beat, wild, wild)
			python := peer.Python(t, "zmq")
			lost := peer.Start(t, python, "testdata/worker.py", q.at[1][0], beats, "request 2")
			lost.Await("ready")
			req := h.client(q.at[0][0], time.Minute)
			h.ask(req, 0, 2)
			held := make(chan struct{})
			go func() {
				defer close(held)
				h.ask(req, 2, 1)
			}()
			lost.Await("holds")
			if how != 0 {
				lost.Signal(how)
			}
			next := peer.Start(t, python, "testdata/worker.py", q.at[1][0], beats, "none")
			<-held
			next.Await("served request 2")
			h.ask(req, 3, 5)
			if how != syscall.SIGKILL {
				lost.Tell("go on")
				if how != 0 {
					lost.Signal(syscall.SIGCONT)
				}
				lost.Await("served late")
				rig.Until(t, "the late reply is stale", func() bool { return h.counts(pid).Stale >= 1 })
				next.Kill() // and the one that was lost is the only one
				h.ask(req, 8, 2)
				lost.Await("served request 9")
			}
			n := h.counts(pid)
			asked := 10
			if how == syscall.SIGKILL {
				asked = 8
			}
			if n.Requests != asked || n.Replies != asked || n.Again < 1 || n.Gone+n.Expired < 1 || n.Malformed != 0 || n.Dropped != 0 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// A worker that takes long, but sends heartbeats, keeps its request.
func TestBeating(t *testing.T) {
	h := newHarbour(t)
	pid, q := h.queue(4*beat, wild, wild)
	p := peer.Start(t, peer.Python(t, "zmq"), "testdata/worker.py", q.at[1][0], "400", "beating heart")
	p.Await("ready")
	req := h.client(q.at[0][0], time.Minute)
	done := make(chan error, 1)
	go func() { done <- ask(h.Ctx, h.Root, req, "beating heart") }()
	p.Await("holds")
	for range 3 * liveness {
		p.Await("heartbeat")
	}
	p.Tell("go on")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := h.counts(pid); n != (counts{Requests: 1, Replies: 1}) {
		t.Errorf("%+v", n)
	}
}

// Our queue crashes: Python's workers find it silent and say READY again, and Python's clients, who have
// asked meanwhile, get all their replies.
func TestQueueCrashes(t *testing.T) {
	h := newHarbour(t)
	pid, q := h.queue(beat, wild, wild)
	python := peer.Python(t, "zmq")
	w := peer.Start(t, python, "testdata/worker.py", q.at[1][0], beats, "none")
	w.Await("ready")
	for range 3 {
		w.Await("heartbeat")
		h.Root.Send(pid, boom{})
		c := peer.Start(t, python, "testdata/client.py", q.at[0][0], "8", "700")
		w.Await("silent")
		w.Await("ready")
		if right := c.Await("right "); right != "8" {
			t.Errorf("%s of 8 replies are right", right)
		}
		w.Await("served of python")
	}
	if n := h.counts(pid); n.Replies < 24 || n.Malformed != 0 {
		t.Errorf("%+v", n)
	}
}

// Somebody else's queue is killed and comes back, or hangs for a while: our workers find it silent, and
// are there again when it is.
func TestQueueLost(t *testing.T) {
	h := newHarbour(t)
	python := peer.Python(t, "zmq")
	p := peer.Start(t, python, "testdata/queue.py", wild, wild, beats)
	clients, workers := p.Await("bound "), p.Await("bound ")
	got, silences := h.workers(2, workers, beat, 3)
	req := h.client(clients, 500*time.Millisecond)
	h.ask(req, 0, 5)

	p.Signal(syscall.SIGSTOP)
	rig.Until(t, "both workers find it silent", func() bool { return silences.Load() >= 2 })
	p.Signal(syscall.SIGCONT)
	h.ask(req, 5, 5)

	before := silences.Load()
	p.Kill()
	rig.Until(t, "both workers find it silent", func() bool { return silences.Load() >= before+2 })
	p = peer.Start(t, python, "testdata/queue.py", clients, workers, beats)
	p.Await("ready")
	p.Await("ready")
	p.Await("heartbeat")
	h.ask(req, 10, 5)
	if n := got.Load(); n < 16 {
		t.Errorf("our workers got %d requests", n)
	}
}

// What is not PPP is counted, and nothing else happens; a reply that nobody asked for goes nowhere.
func TestMalformed(t *testing.T) {
	h := newHarbour(t)
	pid, q := h.queue(beat, wild, wild)
	peer.Start(t, peer.Python(t, "zmq"), "-c", `
import sys, zmq
d = zmq.Context().socket(zmq.DEALER)
d.connect(sys.argv[1])
for m in ([b"x"], [b""], [b"", b"x"], [b"\x01", b"\x01"], [b"c", b"", b"early"], [b"\x02"], [b"\x01"], [b"c", b"", b"not asked"]):
    d.send_multipart(m)
c = zmq.Context().socket(zmq.DEALER)
c.connect(sys.argv[2])
for m in ([b"x"], [b"\x01"], [b"", b""], [b"a", b"b", b"c", b"d", b"", b"x"]): c.send_multipart(m)
print("sent", flush=True)
sys.stdin.read()
`, q.at[1][0], q.at[0][0]).Await("sent")
	rig.Until(t, "all is counted", func() bool { n := h.counts(pid); return n.Malformed == 7 && n.Stale == 2 })
	got, _ := h.workers(1, q.at[1][0], beat, 0)
	h.ask(h.client(q.at[0][0], time.Minute), 0, 3) // the other worker says nothing: what it gets is given to ours
	if n := h.counts(pid); n.Requests != 4 || got.Load() < 3 {
		t.Errorf("our worker got %d, %+v", got.Load(), n)
	}
}
