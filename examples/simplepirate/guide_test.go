package main

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/peer"
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

// Our queue, their workers, one of which is killed, their client and ours.
func TestGuidePeers(t *testing.T) {
	program := guide(t)
	h := newHarbour(t)
	pid, q := h.queue(guideClients, guideWorkers)
	killed := peer.Start(t, program("spworker"))
	for range 3 { // they crash and hang on their own, too, but not within their first three requests
		peer.Start(t, program("spworker")).Await("I: (")
	}
	killed.Await("I: (")
	theirs := peer.Start(t, program("lpclient"))
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
	program := guide(t)
	h := newHarbour(t)
	peer.Start(t, program("spqueue"))
	var got atomic.Int64
	h.worker(guideWorkers, 3, &got)
	h.worker(guideWorkers, 0, &got)
	theirs := peer.Start(t, program("lpclient"))
	h.ask(h.Props(client(h.Thread, []string{guideClients}, patience)), 0, 10)
	for range 10 {
		theirs.Await("I: server replied OK")
	}
	if n := got.Load(); n < 21 {
		t.Errorf("our workers got %d requests", n)
	}
}
