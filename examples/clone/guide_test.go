package main

import (
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// guideSites are where their servers are, and their clients look for them.
var guideSites = [2]site{tcpSite("127.0.0.1", 5556), tcpSite("127.0.0.1", 5566)}

// Our client of their server, model six, and beside it a client of theirs, which sets a value every second. Their
// clients and servers of a subtree say nothing while nothing happens in it: ours hears HUGZ.
func TestGuideServer6(t *testing.T) {
	program := peer.Guide(t)
	b := start(t)
	program.Start("clonesrv6", "-p")
	k := &client{thread: b.Thread, servers: guideSites[:1], subtree: "/client/", silent: 6e9, most: most}
	if err := k.spawn(b.System, "k"); err != nil {
		t.Fatal(err)
	}
	defer b.Stop(k.parent)
	b.set(k, "/client/ours", 20, 0)
	b.sees(k, 20, "/client/ours")
	program.Start("clonecli6")
	rig.Until(t, "what their client sets comes", func() bool { return len(b.look(k).values) > 22 })
	if v := b.look(k); v.turns != 0 || v.malformed != 0 {
		t.Errorf("%+v", v)
	}
}

// Two of their clients, model six, at our two servers. The active one stops; they turn to the other and go on.
func TestGuideClient6(t *testing.T) {
	program := peer.Guide(t)
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
	theirs := []*peer.Process{program.Start("clonecli6"), program.Start("clonecli6")}
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
