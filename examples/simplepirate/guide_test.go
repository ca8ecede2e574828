package main

import (
	"sync/atomic"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/peer"
)

const (
	guideClients = "tcp://127.0.0.1:5555"
	guideWorkers = "tcp://127.0.0.1:5556"
)

// Our queue, their workers, one of which is killed, their client and ours.
func TestGuidePeers(t *testing.T) {
	program := peer.Guide(t)
	h := newHarbour(t)
	pid, q := h.queue(guideClients, guideWorkers)
	killed := program.Start("spworker")
	for range 3 { // they crash and hang on their own, too, but not within their first three requests
		program.Start("spworker").Await("I: (")
	}
	killed.Await("I: (")
	theirs := program.Start("lpclient")
	killed.Await("I: (") // a second of work begins
	killed.Kill()
	for range 3 {
		theirs.Await("I: server replied OK")
	}
	h.ask(h.Props(client(h.Thread, q.at[0], 2500e6)), 0, 3)
	if n := h.counts(pid); n.Malformed != 0 || n.Replies < 6 {
		t.Errorf("%+v", n)
	}
}

// Their queue, our worker, which crashes with one request, our client and theirs.
func TestGuideQueue(t *testing.T) {
	program := peer.Guide(t)
	h := newHarbour(t)
	program.Start("spqueue")
	var got atomic.Int64
	h.worker(guideWorkers, 3, &got)
	h.worker(guideWorkers, 0, &got)
	theirs := program.Start("lpclient")
	h.ask(h.Props(client(h.Thread, []string{guideClients}, patience)), 0, 10)
	for range 10 {
		theirs.Await("I: server replied OK")
	}
	if n := got.Load(); n < 21 {
		t.Errorf("our workers got %d requests", n)
	}
}
