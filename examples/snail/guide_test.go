package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

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

// Our snail at their publisher, whose stamps are in seconds. Their own snail lives in the same process.
func TestGuidePublisher(t *testing.T) {
	alone(t)
	guide(t, "suisnail")
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
	alone(t)
	r := rig.Start(t, zmqthread.Config{})
	pub := r.Spawn(socket.Config{Type: socket.Pub, Bind: []string{"tcp://*:5556"}})
	theirs := guide(t, "suisnail")
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
