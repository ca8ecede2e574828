package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/examples/titanic/tsp"
	"github.com/sockeye-mq/sockeye/internal/peer"
)

// A titanic kills itself, with SIGKILL, behind every step of what it does on the disk: while it stores the
// first request, the reply to that, the second, and so on, and while these are closed. The next goes on.
func TestCrashPoints(t *testing.T) {
	for _, point := range []string{"created", "half written", "written", "file synced", "renamed", "folder synced", "removed"} {
		for nth := 1; nth <= 3; nth++ {
			t.Run(fmt.Sprint(point, nth), func(t *testing.T) {
				s := newSea(t, "tcp://127.0.0.1:*")
				s.echo()
				crashing := s.titanic(point, nth)
				next := make(chan *peer.Process, 1)
				go func() {
					for range crashing.Lines() { // until it is dead
					}
					next <- s.titanic("", 0)
				}()
				p := s.passenger(patience)
				uuids, err := storeAll(s.Ctx, p, 0, 3)
				if err != nil {
					t.Fatal(err)
				}
				known := map[string]bool{}
				for _, uuid := range uuids {
					known[string(uuid)] = true
				}
				right, err := fetchAll(s.Ctx, p, uuids)
				if err != nil || right != 3 || len(known) != 3 {
					t.Fatalf("%d UUIDs, %d replies are right: %v", len(known), right, err)
				}
				if err := crashing.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
					t.Fatalf("it ended with %v", err)
				}
				for _, uuid := range uuids {
					if _, err := p.reply(s.Ctx, uuid); err == nil || err.(*statusError).status != tsp.Unknown {
						t.Errorf("%s is closed: %v", uuid, err)
					}
				}
				// One whose acknowledgement got lost is there, and nobody knows of it: its client has that of another,
				// which the next titanic made of the same request. At most one for each that the broker gave again; and what
				// was carried out when the crash came is carried out again.
				(<-next).Kill()
				lost := map[string]bool{}
				for _, name := range s.left() {
					uuid, _, _ := strings.Cut(name, ".")
					lost[uuid] = true
					if known[uuid] {
						t.Errorf("%s is left", name)
					}
				}
				if got, again := int(s.echoed.Load()), s.again(); len(lost) > again || got < 3 || got > 3+len(lost)+again+1 {
					t.Errorf("%d are left that nobody knows of, the worker got %d, the broker gave %d again", len(lost), got, again)
				}
			})
		}
	}
}

// A second titanic does not come near the folder of the first.
func TestLock(t *testing.T) {
	dir := t.TempDir()
	first, err := openFolder(dir, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if second, err := openFolder(dir, func(string) {}); err == nil {
		second.close()
		t.Error("a folder for two")
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	again, err := openFolder(dir, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	again.close()
}

// A titanic that was told to do what no worker does waits for one. What it has stored it carries out when there is one, after a restart, too.
func TestNoWorker(t *testing.T) {
	s := newSea(t, "tcp://127.0.0.1:*")
	first := s.titanic("", 0)
	first.Await("ready")
	p := s.passenger(patience)
	uuids, err := storeAll(s.Ctx, p, 0, 5)
	if err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(s.Ctx, 5*beat)
	defer cancel()
	if _, err := p.reply(soon, uuids[0]); err == nil {
		t.Error("a reply without a worker")
	}
	first.Kill()
	s.titanic("", 0)
	s.echo()
	if right, err := fetchAll(s.Ctx, p, uuids); err != nil || right != 5 {
		t.Errorf("%d replies are right: %v", right, err)
	}
	// What the first titanic has asked for when it is killed may still be with the broker, and is carried out too: one at most.
	if got, again := int(s.echoed.Load()), s.again(); got < 5 || got > 5+again+1 {
		t.Errorf("the worker got %d requests, the broker gave %d again", got, again)
	}
}
