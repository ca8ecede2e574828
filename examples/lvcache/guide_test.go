package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// guide starts a program of the Guide's examples in Go, pebbe/zmq4's, from the folder that GUIDE names.
func guide(t *testing.T, program string, args ...string) *peer.Process {
	t.Helper()
	return peer.Start(t, filepath.Join(os.Getenv("GUIDE"), program), args...)
}

// alone skips a test without GUIDE. With it, no other test has the programs' fixed ports until it ends.
func alone(t *testing.T) {
	t.Helper()
	if os.Getenv("GUIDE") == "" {
		t.Skip("GUIDE is not set")
	}
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), "guide.lock"), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
}

// Their pathological publisher fills our cache and is killed; their pathological subscriber, which has a
// topic at random, gets its value.
func TestGuidePathological(t *testing.T) {
	alone(t)
	b := start(t, limit{1000, 1 << 20}, wild, wild)
	pub := guide(t, "pathopub", b.in)
	rig.Until(t, "all topics have come", func() bool { return b.counted().updates >= 1000 })
	pub.Kill()
	for range 5 {
		if got := guide(t, "pathosub", b.out).Line(); got != "Save Roger" && got != "Off with his head!" {
			t.Errorf("got %q", got)
		}
	}
	if n := b.counted().repeats; n != 5 {
		t.Errorf("%d values were sent from memory", n)
	}
}

// Our publisher and, later, our subscriber at their cache.
func TestGuideCache(t *testing.T) {
	alone(t)
	guide(t, "lvcache")
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
