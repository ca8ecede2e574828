package main

import (
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

const (
	guideClients = "tcp://127.0.0.1:5555"
	guideWorkers = "tcp://127.0.0.1:5556"
)

// plain has a client of ours put no number into its envelope, for their workers want it to be of one frame.
var plain = socket.Options{NoCorrelate: true}

// second is the time between two of their heartbeats.
const second = time.Second

// Our queue, their workers, one of which is killed with a request, their client and ours. They crash and
// hang on their own, too, after their first three requests.
func TestGuidePeers(t *testing.T) {
	program := peer.Guide(t)
	h := newHarbour(t)
	pid, q := h.queue(second, guideClients, guideWorkers)
	killed := program.Start("ppworker")
	for range 3 {
		program.Start("ppworker").Await("I: worker heartbeat")
	}
	theirs := program.Start("lpclient")
	killed.Await("I: normal reply") // and then a second of work, without a heartbeat
	killed.Signal(syscall.SIGSTOP)
	for range 3 {
		theirs.Await("I: server replied OK")
	}
	req := h.Props(client(h.Thread, q.at[0], 20*second, plain))
	h.ask(req, 0, 2)
	rig.Until(t, "it has expired", func() bool { return h.counts(pid).Expired >= 1 })
	if n := h.counts(pid); n.Malformed != 0 || n.Replies < 5 {
		t.Errorf("%+v", n)
	}
}

// Their queue, our workers, one of which crashes with a request, our client and theirs. Then it is killed
// and comes back, and our workers are there again.
func TestGuideQueue(t *testing.T) {
	program := peer.Guide(t)
	h := newHarbour(t)
	queue := program.Start("ppqueue")
	got, silences := h.workers(2, guideWorkers, second, 3)
	theirs := program.Start("lpclient")
	for range 5 {
		theirs.Await("I: server replied OK")
	}
	theirs.Kill()
	req := h.client(guideClients, second)
	h.ask(req, 0, 5)
	queue.Kill()
	rig.Until(t, "our workers find it silent", func() bool { return silences.Load() >= 2 })
	program.Start("ppqueue")
	h.ask(req, 5, 5)
	if n := got.Load(); n < 16 {
		t.Errorf("our workers got %d requests", n)
	}
}
