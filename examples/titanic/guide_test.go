package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/peer"
)

// guide is the program of that name in the folder GUIDE, where somebody has built the examples of
// github.com/pebbe/zmq4 for the Guide. They have fixed ports: whoever holds the lock may use them, until
// the test is over. They run in the folder of s, where theirs keeps what it stores.
func guide(t *testing.T) func(s *sea, name string) *peer.Process {
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
	if dir, err = filepath.Abs(dir); err != nil {
		t.Fatal(err)
	}
	return func(s *sea, name string) *peer.Process {
		t.Helper()
		return peer.Start(t, "/bin/sh", "-c", `cd "$1" && exec "$2"`, "sh", s.dir, filepath.Join(dir, name))
	}
}

const (
	guideBroker = "tcp://127.0.0.1:5555"
	guideBeat   = 2500 * time.Millisecond
)

// Our broker, our titanic, which is killed when it has acknowledged their client's request; their worker.
func TestGuideClient(t *testing.T) {
	program := guide(t)
	s := newSeaOf(t, guideBroker, guideBeat)
	first := s.titanic("", 0)
	first.Await("ready")
	theirs := program(s, "ticlient")
	theirs.Await("I: request UUID ")
	first.Kill()
	program(s, "mdworker")
	s.titanic("", 0)
	if got := theirs.Await("Reply: "); got != "Hello world" {
		t.Errorf("%q", got)
	}
	if err := theirs.Wait(); err != nil {
		t.Error(err)
	}
}

// Their broker, our titanic, which is killed on the way, our client; their worker.
func TestGuideBroker(t *testing.T) {
	program := guide(t)
	s := newSea(t, "")
	s.at = guideBroker
	program(s, "mdbroker")
	program(s, "mdworker")
	first := s.titanic("", 0)
	first.Await("ready")
	p := s.passenger(10 * beat) // their broker gives nothing again
	uuids, err := storeAll(s.Ctx, p, 10)
	if err != nil {
		t.Fatal(err)
	}
	first.Kill()
	s.titanic("", 0)
	if right, err := fetchAll(s.Ctx, p, uuids); err != nil || right != 10 {
		t.Errorf("%d of 10 replies are right: %v", right, err)
	}
}

// Our broker, their titanic, our client; their worker. Their UUIDs have another form.
func TestGuideTitanic(t *testing.T) {
	program := guide(t)
	s := newSeaOf(t, guideBroker, guideBeat)
	program(s, "titanic")
	program(s, "mdworker")
	p := s.passenger(patience)
	uuids, err := storeAll(s.Ctx, p, 10)
	if err != nil {
		t.Fatal(err)
	}
	if right, err := fetchAll(s.Ctx, p, uuids); err != nil || right != 10 {
		t.Errorf("%d of 10 replies are right: %v", right, err)
	}
}
