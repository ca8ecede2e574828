package main

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/examples/majordomo/broker"
	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// A worker that has a request is killed, stopped, or busy for too long: the broker gives the request to
// another, of the other version. The client, who has all the patience in the world, asks every request once.
func TestWorkerLost(t *testing.T) {
	for i, v := range versions {
		for name, how := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "stopped": syscall.SIGSTOP, "busy": 0} {
			t.Run(fmt.Sprint(name, v), func(t *testing.T) {
				h := newHouse(t, wild, beat)
				lost := h.python("worker.py", h.at, arg(v), "echo", beats, "request 2")
				lost.Await("ready")
				ask := h.asker(v, time.Minute)
				h.asks(ask, "echo", 0, 2)
				held := make(chan struct{})
				go func() {
					defer close(held)
					h.asks(ask, "echo", 2, 1)
				}()
				lost.Await("holds")
				if how != 0 {
					lost.Signal(how)
				}
				next := h.python("worker.py", h.at, arg(versions[1-i]), "echo", beats, "none")
				<-held
				next.Await("served request 2")
				h.asks(ask, "echo", 3, 5)
				asked := 8
				if how != syscall.SIGKILL {
					lost.Tell("go on")
					if how != 0 {
						lost.Signal(syscall.SIGCONT)
					}
					lost.Await("served late request 2") // which nobody wants any more
					lost.Await("disconnected")
					lost.Await("ready")
					next.Kill() // and the one that was lost is the only one
					h.asks(ask, "echo", 8, 2)
					lost.Await("served request 9")
					asked = 10
				}
				n := h.counts()
				if n.Requests != asked || n.Replies != asked || n.Again < 1 || n.Gone+n.Expired < 1 || n.Malformed != 0 || n.Dropped != 0 {
					t.Errorf("%+v", n)
				}
			})
		}
	}
}

// Our broker crashes, three times: Python's workers of both versions are told to come back, or find it
// silent, and Python's clients of both versions get all their replies.
func TestBrokerCrashes(t *testing.T) {
	h := newHouse(t, wild, beat)
	var workers []*peer.Process
	for _, v := range versions {
		w := h.python("worker.py", h.at, arg(v), "count", beats, "none")
		w.Await("ready")
		workers = append(workers, w)
	}
	for range 3 {
		h.Root.Send(h.broker, broker.Crash{Reason: "on purpose"})
		for _, v := range versions {
			c := h.python("client.py", h.at, arg(v), "count", "8", "500")
			if right := c.Await("right "); right != "8" {
				t.Errorf("%s of 8 replies are right", right)
			}
		}
	}
	for _, w := range workers {
		w.Await("ready") // once at least: a READY that is under way during a crash is for the broker that comes back
	}
	if n := h.counts(); n.Replies < 48 || n.Malformed != 0 {
		t.Errorf("%+v", n)
	}
}

// Somebody else's broker hangs for a while, or is killed and comes back: our workers of both versions find
// it silent, or are disconnected, and are there again when it is. Our clients of both versions ask on.
func TestBrokerLost(t *testing.T) {
	h := newHouse(t, "", 0)
	p := h.python("broker.py", wild, beats)
	h.at = p.Await("bound ")
	var s [2]tally
	for i, v := range versions {
		h.worker(v, "echo", beat, &s[i], 3)
	}
	asks := []func(string, string) error{h.asker(mdp.V1, 500*time.Millisecond), h.asker(mdp.V2, 500*time.Millisecond)}
	over := func(n int64) func() bool {
		a, b := s[0].over.Load(), s[1].over.Load()
		return func() bool { return s[0].over.Load() >= a+n && s[1].over.Load() >= b+n }
	}
	for round := range 3 {
		for _, ask := range asks {
			h.asks(ask, "echo", 10*round, 5)
		}
		again := over(1)
		if round == 0 {
			p.Signal(syscall.SIGSTOP)
			rig.Until(t, "both workers start over", again)
			p.Signal(syscall.SIGCONT)
		} else {
			p.Kill()
			rig.Until(t, "both workers start over", again)
			p = h.python("broker.py", h.at, beats)
			p.Await("bound ")
		}
	}
	for _, ask := range asks {
		h.asks(ask, "echo", 30, 5)
	}
	if n := s[0].got.Load() + s[1].got.Load(); n < 40+2 {
		t.Errorf("our workers got %d requests", n)
	}
}
