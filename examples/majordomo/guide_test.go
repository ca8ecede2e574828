package main

import (
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

const (
	guideBroker = "tcp://127.0.0.1:5555"
	guideBeat   = 2500 * time.Millisecond
)

// Our broker; their workers, one of which is killed and one stopped; their clients, REQ and DEALER, that of
// mmi.service, and ours.
func TestGuidePeers(t *testing.T) {
	program := peer.Guide(t)
	h := newHouse(t, guideBroker, guideBeat)
	killed, stopped := program.Start("mdworker"), program.Start("mdworker")
	first, second := program.Start("mdclient"), program.Start("mdclient2")
	replies := func(n int) {
		t.Helper()
		before := h.counts().Replies
		rig.Until(t, "there are more replies", func() bool { return h.counts().Replies >= before+n })
	}
	replies(500)
	killed.Kill()
	replies(500)
	program.Start("mdworker")
	replies(500)
	stopped.Signal(syscall.SIGSTOP)
	rig.Until(t, "the one that was stopped has expired", func() bool { return h.counts().Expired == 1 })
	replies(500)
	stopped.Signal(syscall.SIGCONT)
	rig.Until(t, "it is told to come back", func() bool { return h.counts().Disconnected >= 1 })
	program.Start("mmiecho").Await("Lookup echo service: 200")
	first.Kill()
	second.Kill()
	for _, v := range versions {
		h.asks(h.asker(v, 20*time.Second), "echo", 0, 5)
	}
	if n := h.counts(); n.Malformed != 0 || n.Gone < 1 || n.Again < 1 {
		t.Errorf("%+v", n)
	}
}

// Their broker, our worker, which crashes with one request, and our client, of the version that it knows;
// their client. It is killed and comes back: so is our worker.
func TestGuideBroker(t *testing.T) {
	program := peer.Guide(t)
	h := newHouse(t, "", 0)
	h.at = guideBroker
	theirs := program.Start("mdbroker")
	var s tally
	for range 2 {
		h.worker(mdp.V1, "echo", guideBeat, &s, 3)
	}
	ask := h.asker(mdp.V1, time.Second)
	h.asks(ask, "echo", 0, 5)
	program.Start("mdclient")
	rig.Until(t, "theirs has asked, too", func() bool { return s.got.Load() >= 500 })
	over := s.over.Load()
	theirs.Kill()
	program.Start("mdbroker")
	h.asks(ask, "echo", 5, 5)
	rig.Until(t, "a worker has come back", func() bool { return s.over.Load() > over }) // the one that has crashed may only just be
	h.asks(ask, "echo", 10, 5)
}
