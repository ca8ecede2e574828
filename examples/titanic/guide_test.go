package main

import (
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/peer"
)

const (
	guideBroker = "tcp://127.0.0.1:5555"
	guideBeat   = 2500 * time.Millisecond
)

// Our broker, our titanic, which is killed when it has acknowledged their client's request; their worker.
func TestGuideClient(t *testing.T) {
	program := peer.Guide(t)
	s := newSeaOf(t, guideBroker, guideBeat)
	first := s.titanic("", 0)
	first.Await("ready")
	theirs := program.StartIn(s.dir, "ticlient")
	theirs.Await("I: request UUID ")
	first.Kill()
	program.StartIn(s.dir, "mdworker")
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
	program := peer.Guide(t)
	s := newSea(t, "")
	s.at = guideBroker
	program.StartIn(s.dir, "mdbroker")
	program.StartIn(s.dir, "mdworker")
	first := s.titanic("", 0)
	first.Await("ready")
	p := s.passenger(10 * beat) // their broker gives nothing again
	uuids, err := storeAll(s.Ctx, p, 0, 10)
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
	program := peer.Guide(t)
	s := newSeaOf(t, guideBroker, guideBeat)
	program.StartIn(s.dir, "titanic")
	program.StartIn(s.dir, "mdworker")
	p := s.passenger(patience)
	uuids, err := storeAll(s.Ctx, p, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	if right, err := fetchAll(s.Ctx, p, uuids); err != nil || right != 10 {
		t.Errorf("%d of 10 replies are right: %v", right, err)
	}
}
