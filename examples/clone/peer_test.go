package main

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// The primary stops in the middle of many sets, and comes back; then the backup stops. Nothing that was
// confirmed is lost.
func TestServersFail(t *testing.T) {
	b := start(t)
	servers := b.pair()
	k, all, some := b.client("k", ""), b.client("all", ""), b.client("some", "/b/")
	b.Peers(k.pub, 2) // or the primary may go with what the backup was never told
	b.set(k, "/a/", 200, 0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.set(k, "/b/", 200, 0)
	}()
	rig.Until(t, "half is set", func() bool { return b.counted(servers[0]).set > 300 })
	b.Stop(servers[0].parent)
	<-done
	b.sees(all, 200, "/a/", "/b/")
	b.sees(some, 200, "/b/")
	servers[0] = b.server(0)
	rig.Until(t, "the primary has a copy", func() bool { n := b.counted(servers[0]); return n.live && n.keys == 400 && !n.active })
	b.set(k, "/c/", 200, 0)
	rig.Until(t, "and follows", func() bool { return b.counted(servers[0]).keys == 600 })
	b.Stop(servers[1].parent)
	b.set(k, "/d/", 50, 0)
	late := b.client("late", "")
	rig.Until(t, "there is everything", func() bool { return len(b.look(late).values) == 650 && len(b.look(all).values) == 650 })
	b.sees(some, 200, "/b/")
	if n := b.counted(servers[0]); n.malformed != 0 || n.refused != 0 || n.split != 0 || n.keys != 650 {
		t.Errorf("%+v", n)
	}
}

// The active server, in a process of its own, is killed with sets under way; then the next one hangs, and is
// passive when it goes on.
func TestProcessesFail(t *testing.T) {
	b := start(t)
	first := peer.Start(t, os.Args[0], "clone", "primary", b.paths[0], b.paths[1])
	k := b.client("k", "")
	first.Await("active true")
	second := b.server(1)
	b.set(k, "/a/", 100, 0)
	rig.Until(t, "the backup has a copy", func() bool { n := b.counted(second); return n.live && n.keys == 100 })
	b.Peers(k.pub, 2) // or the primary may die over what the backup was never told
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.set(k, "/b/", 100, 0)
	}()
	rig.Until(t, "some are set", func() bool { return b.counted(second).keys > 120 })
	first.Kill()
	<-done
	if n := b.counted(second); !n.active || n.keys != 200 {
		t.Errorf("the backup: %+v", n)
	}
	first = peer.Start(t, os.Args[0], "clone", "primary", b.paths[0], b.paths[1])
	first.Await("copied 200")
	b.Stop(second.parent)
	first.Await("active true")
	b.set(k, "/c/", 100, 0)
	second = b.server(1)
	rig.Until(t, "the backup has a copy again", func() bool { n := b.counted(second); return n.live && n.keys == 300 })
	b.Peers(k.pub, 2)
	first.Signal(syscall.SIGSTOP)
	b.set(k, "/d/", 100, 0)
	first.Signal(syscall.SIGCONT)
	if got := first.Await("active "); got != "false" {
		t.Errorf("active %s when it goes on", got)
	}
	b.set(k, "/e/", 100, 0)
	if n := b.counted(second); !n.active || n.split != 0 || n.keys != 500 {
		t.Errorf("the backup: %+v", n)
	}
}

// Ephemeral values go when their time is over, also when the server that took them is gone.
func TestEphemeral(t *testing.T) {
	b := start(t)
	servers := b.pair()
	k, late := b.client("k", ""), b.client("late", "/short/")
	b.set(k, "/short/", 5, 2*time.Second)
	b.set(k, "/long/", 5, time.Hour)
	b.set(k, "/ever/", 5, 0)
	set := time.Now()
	rig.Until(t, "the backup has a copy", func() bool { n := b.counted(servers[1]); return n.live && n.keys == 15 })
	b.Stop(servers[0].parent)
	b.sees(k, 5, "/long/", "/ever/")
	if took := time.Since(set); took < time.Second {
		t.Errorf("gone after %v", took)
	}
	b.sees(late, 0)
	if _, err := messages.Call(b.Ctx, b.Root, k.self, setOf("/long/0", "")); err != nil {
		t.Error(err)
	}
	if v := b.look(k); len(v.values) != 9 {
		t.Errorf("%v", v.values)
	}
}

func setOf(key, value string) set { return set{key: key, value: value} }

// What a client does not set, and why.
func TestRefused(t *testing.T) {
	b := start(t)
	s := &server{thread: b.Thread, me: ipcSite(b.paths[0]), beat: beat, most: limit{keys: 1, bytes: 100}}
	if err := s.spawn(b.System, "alone"); err != nil {
		t.Fatal(err)
	}
	defer b.Stop(s.parent)
	k := b.client("k", "/s/", s.me)
	for _, key := range []string{"", "/t/", "HUGZ", "KTHXBAI", "/s/" + strings.Repeat("x", maxKey)} {
		if _, err := messages.Call(b.Ctx, b.Root, k.self, setOf(key, "x")); !errors.Is(err, ErrOutside) {
			t.Errorf("%.20q: %v", key, err)
		}
	}
	b.set(k, "/s/", 1, 0)
	if _, err := messages.Call(b.Ctx, b.Root, k.self, setOf("/s/more", "x")); !errors.Is(err, ErrUnconfirmed) {
		t.Errorf("one too many: %v", err)
	}
	if n := b.counted(s); n.refused == 0 || n.keys != 1 {
		t.Errorf("%+v", n)
	}
}
