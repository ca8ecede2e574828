package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
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

// guideSites are where their servers are, and their clients look for them.
var guideSites = [2]site{tcpSite("127.0.0.1", 5556), tcpSite("127.0.0.1", 5566)}

// Our client of their server, model six, and beside it a client of theirs, which sets a value every second. Their
// clients and servers of a subtree say nothing while nothing happens in it: ours hears HUGZ.
func TestGuideServer6(t *testing.T) {
	alone(t)
	b := start(t)
	guide(t, "clonesrv6", "-p")
	k := &client{thread: b.Thread, servers: guideSites[:1], subtree: "/client/", silent: 6e9, most: most}
	if err := k.spawn(b.System, "k"); err != nil {
		t.Fatal(err)
	}
	defer b.Stop(k.parent)
	b.set(k, "/client/ours", 20, 0)
	b.sees(k, 20, "/client/ours")
	guide(t, "clonecli6")
	rig.Until(t, "what their client sets comes", func() bool { return len(b.look(k).values) > 22 })
	if v := b.look(k); v.turns != 0 || v.malformed != 0 {
		t.Errorf("%+v", v)
	}
}

// Two of their clients, model six, at our two servers. The active one stops; they turn to the other and go on.
func TestGuideClient6(t *testing.T) {
	alone(t)
	b := start(t)
	var servers [2]*server
	for i := range servers {
		servers[i] = &server{thread: b.Thread, primary: i == 0, me: guideSites[i], peer: guideSites[1-i], beat: testBeat, most: most}
		if err := servers[i].spawn(b.System, []string{"primary", "backup"}[i]); err != nil {
			t.Fatal(err)
		}
		defer b.Stop(servers[i].parent)
	}
	watcher := b.client("watcher", "/client/", guideSites[0], guideSites[1])
	theirs := []*peer.Process{guide(t, "clonecli6"), guide(t, "clonecli6")}
	for _, c := range theirs {
		c.Await("I: received from tcp://localhost:5556 snapshot=")
		c.Await("I: received from tcp://localhost:5556 update=")
	}
	rig.Until(t, "the backup has a copy", func() bool { n := b.counted(servers[1]); return n.live && n.keys > 0 })
	b.Stop(servers[0].parent)
	for _, c := range theirs {
		c.Await("I: server at tcp://localhost:5556 didn't give hugz")
		c.Await("I: received from tcp://localhost:5566 snapshot=")
		c.Await("I: received from tcp://localhost:5566 update=")
	}
	n := b.counted(servers[1])
	if !n.active || n.set == 0 || n.malformed != 0 || n.refused != 0 {
		t.Errorf("the backup: %+v", n)
	}
	rig.Until(t, "our client has seen theirs", func() bool { return len(b.look(watcher).values) > 2 })
	for key, value := range b.look(watcher).values {
		if !strings.HasPrefix(key, "/client/") || value == "" {
			t.Errorf("%q is %q", key, value)
		}
	}
}
