package main

import (
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// Their pathological publisher fills our cache and is killed; their pathological subscriber, which has a
// topic at random, gets its value.
func TestGuidePathological(t *testing.T) {
	program := peer.Guide(t)
	b := start(t, limit{1000, 1 << 20}, wild, wild)
	pub := program.Start("pathopub", b.in)
	rig.Until(t, "all topics have come", func() bool { return b.counted().updates >= 1000 })
	pub.Kill()
	for range 5 {
		if got := program.Start("pathosub", b.out).Line(); got != "Save Roger" && got != "Off with his head!" {
			t.Errorf("got %q", got)
		}
	}
	if n := b.counted().repeats; n != 5 {
		t.Errorf("%d values were sent from memory", n)
	}
}

// Our publisher and, later, our subscriber at their cache.
func TestGuideCache(t *testing.T) {
	program := peer.Guide(t)
	program.Start("lvcache")
	r := rig.Start(t, zmqthread.Config{})
	pub := r.Spawn(socket.Config{Type: socket.Pub, Connect: []string{"tcp://127.0.0.1:5557"}})
	r.Peers(pub, 1)
	r.Put(pub, messages.Text("topic", "value"))
	r.Poison(pub) // with what it has sent
	got := r.Collector()
	r.Spawn(socket.Config{Type: socket.Sub, Connect: []string{"tcp://127.0.0.1:5558"}, Subscribe: []string{"topic"}, Deliver: socket.To(got.PID)})
	if m := got.Message().Text(); m != "topic value" {
		t.Errorf("got %q", m)
	}
}
