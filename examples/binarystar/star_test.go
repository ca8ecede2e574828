package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// bench is where a pair lives.
type bench struct {
	*rig.Rig
	dir string
}

func start(t *testing.T) *bench {
	r := rig.Start(t, zmqthread.Config{})
	return &bench{r, "ipc://" + r.Dir()}
}

// ends are where a server's clients connect, and where it and its peer publish their states.
func (b *bench) ends(role state) (front, here, there string) {
	at := func(s state) string { return b.dir + filepath.Join("/", s.String()) }
	return at(role), at(role) + "-state", at(primary+backup-role) + "-state"
}

// ours starts one of our servers.
func (b *bench) ours(role state) *star {
	b.T.Helper()
	front, here, there := b.ends(role)
	s := &star{thread: b.Thread, role: role, front: front, here: here, there: there, beat: beat, do: by(role)}
	if err := s.spawn(b.System, role.String()); err != nil {
		b.T.Fatal(err)
	}
	b.T.Cleanup(func() { b.Stop(s.parent) })
	return s
}

// theirs starts a Python server.
func (b *bench) theirs(role state) *peer.Process {
	b.T.Helper()
	front, here, there := b.ends(role)
	return python(b.T.(*testing.T), "server", role.String(), front, here, there, fmt.Sprint(beat.Milliseconds()))
}

func python(t *testing.T, args ...string) *peer.Process {
	t.Helper()
	return peer.Start(t, peer.Python(t, "zmq"), append([]string{"testdata/peer.py"}, args...)...)
}

func (b *bench) client() *client {
	return newClient(b.Root, b.Thread, 500*time.Millisecond, 60, b.dir+"/primary", b.dir+"/backup")
}

// ask asks n times, and says by whom each request was answered.
func (b *bench) ask(k *client, n int) (by map[string]int) {
	b.T.Helper()
	by = map[string]int{}
	for i := range n {
		reply, err := k.ask(b.Ctx, messages.Text(fmt.Sprint(i)))
		if err != nil {
			b.T.Fatal(err)
		}
		echo, who, _ := strings.Cut(reply.Text(), " ")
		if echo != fmt.Sprint(i) {
			b.T.Fatalf("the answer to %d is %q", i, reply.Text())
		}
		by[who]++
	}
	return by
}

func (b *bench) counted(s *star) counts {
	b.T.Helper()
	n, err := messages.Call(b.Ctx, b.Root, s.self, howMany{})
	if err != nil {
		b.T.Fatal(err)
	}
	return n.(counts)
}

func (b *bench) reach(s *star, want state) {
	b.T.Helper()
	rig.Until(b.T, fmt.Sprintf("%v is %v", s.role, want), func() bool { return b.counted(s).state == want })
}

func wantBy(t *testing.T, by map[string]int, who string, n int) {
	t.Helper()
	if len(by) != 1 || by[who] != n {
		t.Errorf("answered by %v, not %d by %s alone", by, n, who)
	}
}

// A Python primary is killed: our backup serves. It comes back, and lets it. Then ours stops: it serves.
func TestTheirPrimary(t *testing.T) {
	b := start(t)
	theirs, ours := b.theirs(primary), b.ours(backup)
	theirs.Await("state active")
	b.reach(ours, passive)
	k := b.client()
	wantBy(t, b.ask(k, 100), "primary", 100)
	theirs.Kill()
	wantBy(t, b.ask(k, 100), "backup", 100)
	theirs = b.theirs(primary)
	theirs.Await("state passive")
	wantBy(t, b.ask(k, 100), "backup", 100)
	if n := b.counted(ours); n.served < 200 || n.split != 0 || n.malformed != 0 {
		t.Errorf("%+v", n)
	}
	b.Stop(ours.parent)
	wantBy(t, b.ask(k, 100), "primary", 100)
	if k.failures < 2 {
		t.Errorf("the client has turned to the other %d times", k.failures)
	}
}

// A Python client of our primary, which stops, and a Python backup, which is killed when ours is back.
func TestTheirBackup(t *testing.T) {
	b := start(t)
	ours, theirs := b.ours(primary), b.theirs(backup)
	theirs.Await("state passive")
	c := python(t, "client", b.dir+"/primary", b.dir+"/backup")
	ask := func(n int) map[string]int {
		t.Helper()
		c.Tell(fmt.Sprint("ask ", n))
		by := map[string]int{}
		for i := range n {
			got := strings.Fields(c.Line())
			if len(got) != 3 || got[0] != "answer" || got[1] != fmt.Sprint(i) {
				t.Fatalf("answer %d is %q", i, got)
			}
			by[got[2]]++
		}
		return by
	}
	wantBy(t, ask(100), "primary", 100)
	b.Stop(ours.parent)
	wantBy(t, ask(100), "backup", 100)
	ours = b.ours(primary)
	b.reach(ours, passive)
	wantBy(t, ask(100), "backup", 100)
	theirs.Kill()
	wantBy(t, ask(100), "primary", 100)
	if n := b.counted(ours); n.served < 100 || n.split != 0 {
		t.Errorf("%+v", n)
	}
}

// Our active server hangs, is replaced, and goes on. It serves nobody before it knows that it was.
func TestHangs(t *testing.T) {
	b := start(t)
	front, here, there := b.ends(primary)
	hangs := peer.Start(t, os.Args[0], "star", "primary", front, here, there)
	other := b.ours(backup)
	hangs.Await("state active")
	b.reach(other, passive)
	k := b.client()
	wantBy(t, b.ask(k, 100), "primary", 100)
	hangs.Signal(syscall.SIGSTOP)
	wantBy(t, b.ask(k, 100), "backup", 100)
	stale := newClient(b.Root, b.Thread, 2*time.Second, 1, b.dir+"/primary", b.dir+"/backup") // asks it alone
	answered := make(chan error, 1)
	go func() {
		_, err := stale.ask(b.Ctx, messages.Text("still there?"))
		answered <- err
	}()
	b.Peers(stale.servers[1], 1)
	hangs.Signal(syscall.SIGCONT)
	if got := hangs.Await("state "); got != "passive" {
		t.Errorf("it is %s when it goes on", got)
	}
	if err := <-answered; err == nil {
		t.Error("it has served when it went on")
	}
	wantBy(t, b.ask(k, 100), "backup", 100)
	if n := b.counted(other); n.split != 0 || n.served < 200 || n.state != active {
		t.Errorf("the other: %+v", n)
	}
}
