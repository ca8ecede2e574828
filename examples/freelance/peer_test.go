package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

func python(t *testing.T, args ...string) *peer.Process {
	t.Helper()
	return peer.Start(t, peer.Python(t, "zmq"), append([]string{"testdata/peer.py"}, args...)...)
}

// bench is a client of ours and the names of servers.
type bench struct {
	*rig.Rig
	*client
	names []string
}

func names(r *rig.Rig, n int) (all []string) {
	dir := r.Dir()
	for i := range n {
		all = append(all, "ipc://"+filepath.Join(dir, fmt.Sprint(i)))
	}
	return all
}

// quick are waits for tests: silent is long enough for a busy machine, and expire longer than a test.
var quick = patience{ping: 100 * time.Millisecond, silent: 500 * time.Millisecond, try: 400 * time.Millisecond, expire: time.Minute}

func start(t *testing.T, r *rig.Rig, p patience, names ...string) *bench {
	t.Helper()
	b := &bench{Rig: r, names: names, client: newClient(r.Thread, p, names...)}
	if err := b.spawn(r.System, "freelance"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Stop(b.parent) })
	return b
}

// ask asks n questions and wants them answered in upper case.
func (b *bench) ask(name string, n int) {
	b.T.Helper()
	for i := range n {
		question := fmt.Sprintf("%s-%d", name, i)
		reply, err := messages.Ask(b.Ctx, b.Root, b.self, messages.Text(question, "", "tail"))
		if err != nil {
			b.T.Errorf("%s: %v", question, err)
			return
		}
		if want := strings.ToUpper(question) + "  TAIL"; reply.Text() != want {
			b.T.Errorf("the answer is %q instead of %q", reply.Text(), want)
		}
	}
}

func (b *bench) counted() counts {
	b.T.Helper()
	n, err := messages.Call(b.Ctx, b.Root, b.self, howMany{})
	if err != nil {
		b.T.Fatal(err)
	}
	return n.(counts)
}

// While many ask, the server that answers is killed, with a request in its hands, and so is the third; the
// second hangs. The first comes back. All questions are answered.
func TestServersFail(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	b := start(t, r, quick, names(r, 3)...)
	var servers [3]*peer.Process
	for i, s := range []string{"SIGKILL", "SIGSTOP", "SIGKILL"} {
		servers[i] = python(t, "server", b.names[i], s, "100")
		servers[i].Await("pinged")
	}
	const askers, each = 8, 150
	var all sync.WaitGroup
	for i := range askers {
		all.Go(func() { b.ask(fmt.Sprint("q", i), each) })
	}
	for _, s := range servers {
		s.Await("gets ")
	}
	python(t, "server", b.names[0]).Await("pinged")
	all.Wait()
	n := b.counted()
	if n.answered != askers*each || n.failed != 0 || n.malformed != 0 || n.sent < askers*each+3 {
		t.Errorf("%+v of %d", n, askers*each)
	}
}

// Nobody is there: whoever asks is told so. Then somebody is.
func TestNobody(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	p := quick
	p.expire = 700 * time.Millisecond
	b := start(t, r, p, names(r, 2)...)
	began := time.Now()
	_, err := messages.Ask(r.Ctx, r.Root, b.self, messages.Text("x"))
	if waited := time.Since(began); !errors.Is(err, messages.ErrTimedOut) || waited < p.expire {
		t.Errorf("%v after %v", err, waited)
	}
	s := python(t, "server", b.names[1])
	s.Await("pinged")
	b.ask("y", 10)
	s.Kill()
	if _, err := messages.Ask(r.Ctx, r.Root, b.self, messages.Text("x")); !errors.Is(err, messages.ErrTimedOut) {
		t.Errorf("then %v", err)
	}
	if n := b.counted(); n.answered != 10 || n.failed != 2 {
		t.Errorf("%+v", n)
	}
}

// A Python client asks two servers of ours, one of which stops and comes back when the other goes.
func TestTheirClient(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	at := names(r, 2)
	do := func(body [][]byte) [][]byte { return append([][]byte{append([]byte("did "), body[0]...)}, body[1:]...) }
	servers := make([]func(), 2)
	begin := func(i int) {
		pid := r.Root.Spawn(newServer(r.Thread, at[i], at[i], do))
		servers[i] = func() { r.Stop(pid) }
	}
	begin(0)
	begin(1)
	c := python(t, append([]string{"client", "200"}, at...)...)
	by := map[string]int{}
	for n := 1; n <= 200; n++ {
		got := strings.Fields(c.Line())
		if len(got) != 3 || got[0] != "answer" || got[1] != fmt.Sprint(n) {
			t.Fatalf("answer %d is %q", n, got)
		}
		by[got[2]]++
		switch n {
		case 50:
			servers[0]()
		case 100:
			begin(0)
			servers[1]()
		}
	}
	if c.Await("done"); by[at[0]] == 0 || by[at[1]] < 40 {
		t.Errorf("answers by %v", by)
	}
	servers[0]()
}

// Whatever a peer says, neither end minds.
func TestNonsense(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	at := names(r, 1)
	pid := r.Root.Spawn(newServer(r.Thread, at[0], at[0], func(body [][]byte) [][]byte { return body }))
	defer r.Stop(pid)
	got := r.Collector()
	d := r.Spawn(socket.Config{Type: socket.Dealer, Connect: at, Deliver: socket.To(got.PID)})
	for _, text := range []string{"", "pong", "PONG", "abcd"} {
		r.Put(d, messages.Text(text))
	}
	r.Put(d, messages.Text("abcd", "", "x")) // looks like the envelope of a REQ
	r.Put(d, messages.Text("PING"))
	if m := got.Message(); len(m.Frames) != 3 || m.Text() != "abcd  x" {
		t.Errorf("got %q", m.Frames)
	}
	if m := got.Message(); m.Text() != "PONG" {
		t.Errorf("got %q", m.Frames)
	}
	got.Empty()
}
