package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// guide is the program of that name in the folder GUIDE, where somebody has built the examples of
// github.com/pebbe/zmq4 for the Guide. They have fixed ports: whoever holds the lock may use them, until
// the test is over.
func guide(t *testing.T) func(name string) string {
	t.Helper()
	dir := os.Getenv("GUIDE")
	if dir == "" {
		t.Skip("GUIDE is not set")
	}
	lock, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return func(name string) string { return filepath.Join(dir, name) }
}

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
	program := guide(t)
	h := newHarbour(t)
	pid, q := h.queue(second, guideClients, guideWorkers)
	killed := peer.Start(t, program("ppworker"))
	for range 3 {
		peer.Start(t, program("ppworker")).Await("I: worker heartbeat")
	}
	theirs := peer.Start(t, program("lpclient"))
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
	program := guide(t)
	h := newHarbour(t)
	queue := peer.Start(t, program("ppqueue"))
	got, silences := h.workers(2, guideWorkers, second, 3)
	theirs := peer.Start(t, program("lpclient"))
	for range 5 {
		theirs.Await("I: server replied OK")
	}
	theirs.Kill()
	req := h.client(guideClients, second)
	h.ask(req, 0, 5)
	queue.Kill()
	rig.Until(t, "our workers find it silent", func() bool { return silences.Load() >= 2 })
	peer.Start(t, program("ppqueue"))
	h.ask(req, 5, 5)
	if n := got.Load(); n < 16 {
		t.Errorf("our workers got %d requests", n)
	}
}
