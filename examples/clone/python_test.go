package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// A Python client of our two servers. The active one stops under it; it misses nothing.
func TestTheirClient(t *testing.T) {
	b := start(t)
	servers := b.pair()
	ours := b.client("ours", "/x/")
	b.set(ours, "/x/", 20, 0)
	theirs := python(t, "client", "/x/", b.paths[0], b.paths[1])
	for range 20 {
		theirs.Await("has /x/")
	}
	if got := strings.Fields(theirs.Await("snapshot ")); got[1] != "20" {
		t.Errorf("a snapshot of %s values", got[1])
	}
	theirs.Tell("set /x/theirs hello 0")
	theirs.Await("has /x/theirs hello")
	theirs.Tell("set /y/theirs unseen 0")
	theirs.Tell("set /x/short lives 1")
	theirs.Await("has /x/short lives")
	theirs.Await("gone /x/short")
	rig.Until(t, "the backup has a copy", func() bool { n := b.counted(servers[1]); return n.live && n.keys == 22 })
	b.Stop(servers[0].parent)
	theirs.Await("turns")
	theirs.Await("snapshot ")
	b.set(ours, "/x/after", 5, 0)
	for i := range 5 { // perhaps twice: our client sends again what was not confirmed
		theirs.Await(fmt.Sprintf("has /x/after%d v%d", i, i))
	}
	theirs.Tell("set /x/theirs - 0")
	theirs.Await("gone /x/theirs")
	rig.Until(t, "ours sees what theirs does", func() bool { return len(b.look(ours).values) == 25 })
}

// Our client of two Python servers, which know nothing of one another. One hangs, the other takes over with what our
// client has sent to both; then that is killed, and the first, which goes on, is good again.
func TestTheirServers(t *testing.T) {
	b := start(t)
	first, second := python(t, "server", b.paths[0]), python(t, "server", b.paths[1])
	first.Await("ready")
	second.Await("ready")
	k := b.client("k", "/x/")
	rig.Until(t, "both hear the client", func() bool { return socket.WaitPeers(b.Ctx, b.Root, k.pub, 2) == nil })
	b.set(k, "/x/", 50, 0)
	b.sees(k, 50, "/x/")
	second.Await("set 50") // the same, though nobody asked it
	first.Signal(syscall.SIGSTOP)
	b.set(k, "/x/more", 50, 0)
	b.sees(k, 50, "/x/", "/x/more")
	if v := b.look(k); v.server != 1 || v.turns == 0 {
		t.Errorf("%+v", v)
	}
	first.Signal(syscall.SIGCONT)
	second.Kill()
	b.set(k, "/x/last", 50, 0)
	b.sees(k, 50, "/x/", "/x/more", "/x/last")
	b.set(k, "/x/short", 1, 1e9)
	rig.Until(t, "the ephemeral one is gone", func() bool { return len(b.look(k).values) == 150 })
}

// The active server is gone, and so is a client that has set a value since: the passive one has it when it
// takes over.
func TestTakenOver(t *testing.T) {
	b := start(t)
	servers := b.pair()
	ours := b.client("ours", "")
	b.set(ours, "/x/", 5, 0)
	rig.Until(t, "the backup has a copy, and nothing waits", func() bool { n := b.counted(servers[1]); return n.keys == 5 && n.waiting == 0 })
	b.Stop(ours.parent)
	b.Stop(servers[0].parent)
	pub := b.Spawn(socket.Config{Type: socket.Pub, Connect: []string{servers[1].me.collector}})
	b.Peers(pub, 1)
	b.Put(pub, messages.Text("/x/last", seq, id, "", "words"))
	rig.Until(t, "it waits", func() bool { return b.counted(servers[1]).waiting == 1 })
	b.Stop(pub)
	late := b.client("late", "/x/")
	rig.Until(t, "a client has it", func() bool { return b.look(late).values["/x/last"] == "words" })
	if n := b.counted(servers[1]); n.takenOver != 1 || n.waiting != 0 || n.keys != 6 {
		t.Errorf("%+v", n)
	}
}

// Whatever a peer says to a server or a client, they count it, and go on.
func TestNonsense(t *testing.T) {
	b := start(t)
	s := b.server(0)
	k := b.client("k", "")
	b.set(k, "/a/", 1, 0)
	dealer := b.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{s.me.snapshot}})
	pub := b.Spawn(socket.Config{Type: socket.Pub, Connect: []string{s.me.collector}})
	b.Peers(pub, 1)
	long := strings.Repeat("x", 1<<16)
	for _, m := range []*messages.Message{messages.Text(""), messages.Text("ICANHAZ?"), messages.Text("ICANHAZ?", "x"), messages.Text(long, "", "", "", "")} {
		b.Put(dealer, m)
		b.Put(pub, m)
	}
	b.Put(pub, messages.Text("k", seq, "", "ttl=x\n", "v"))
	rig.Until(t, "all nonsense has come", func() bool { n := b.counted(s); return n.malformed == 8 && n.refused == 1 })
	b.Root.Send(s.pub, messages.Text("/nonsense"))
	b.Root.Send(s.pub, messages.Text(hugz, "0", "", "", ""))
	rig.Until(t, "the client has heard it", func() bool { return b.look(k).malformed == 2 })
	b.set(k, "/b/", 1, 0)
	if v := b.look(k); len(v.values) != 2 {
		t.Errorf("%v", v.values)
	}
}
