package main

import (
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// Our snail at their publisher, whose stamps are in seconds. Their own snail lives in the same process.
func TestGuidePublisher(t *testing.T) {
	program := peer.Guide(t)
	program.Start("suisnail")
	b := start(t, "tcp://127.0.0.1:5556", time.Second, 1000, 2*time.Second)
	if n := b.reach(func(n counts) bool { return n.worked >= 500 }); n.malformed != 0 || n.late != 0 {
		t.Errorf("%+v", n)
	}
	b.slow.Store(true)
	b.reach(func(n counts) bool { return n.late >= 1 })
	b.slow.Store(false)
	again := b.reach(func(counts) bool { return true })
	b.reach(func(n counts) bool { return n.worked >= again.worked+500 })
}

// Their snail at our publisher, which has their port, so that their own publisher binds in vain. It lives
// while what it gets is fresh, and dies when it is not.
func TestGuideSnail(t *testing.T) {
	program := peer.Guide(t)
	r := rig.Start(t, zmqthread.Config{})
	pub := r.Spawn(socket.Config{Type: socket.Pub, Bind: []string{"tcp://*:5556"}})
	theirs := program.Start("suisnail")
	r.Peers(pub, 1)
	for range 100 {
		r.Put(pub, messages.Bytes(stamp(time.Now().Add(time.Minute), time.Second)))
		theirs.Line()
	}
	r.Put(pub, messages.Bytes(stamp(time.Now().Add(-time.Minute), time.Second)))
	last := ""
	for line := range theirs.Lines() {
		last = line
	}
	if err := theirs.Wait(); err != nil || !strings.Contains(last, time.Now().Add(-time.Minute).Format("2006-01-02")) {
		t.Errorf("it ended with %v after %q", err, last)
	}
}
