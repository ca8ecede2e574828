package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// A worker is killed with a request in its hands; its client asks again, and the other worker answers
// everything.
func TestWorkerKilled(t *testing.T) {
	b := queue(t, socket.Config{})
	doomed := python(t, "work", b.back, "hold")
	doomed.Await("ready")
	b.Peers(b.backend, 1)
	clients := []string{"x", "y", "z"}
	asks := python(t, "ask", b.front, clients[0], "200", "10", "300")
	taken := doomed.Await("took ")
	doomed.Kill()
	survivor := python(t, "work", b.back)
	again, err := strconv.Atoi(asks.Await("done "))
	if err != nil || again == 0 || taken != "x-0" {
		t.Errorf("asked again %d times, %v, after %s was taken", again, err, taken)
	}
	for _, name := range clients[1:] {
		if again := python(t, "ask", b.front, name, "200", "10", "10000").Await("done "); again != "0" {
			t.Errorf("%s had to ask again %s times", name, again)
		}
	}
	served := map[string]bool{}
	for len(served) < 600 {
		served[survivor.Await("took ")] = true
	}
	if n := b.tally(); n[1].forwarded < 600 || n[0].forwarded < n[1].forwarded {
		t.Errorf("forwarded %+v", n)
	}
}

// Who watches stalls. Every request is answered, what is not copied is counted, and what is copied
// comes when the watcher goes on.
func TestWatcherStalls(t *testing.T) {
	b := queue(t, socket.Config{Type: socket.Push, Bind: wild, Outbox: socket.Limit{Messages: 100},
		Options: socket.Options{SendHWM: 10, SendBuffer: 1 << 16}})
	python(t, "work", b.back).Await("ready")
	watcher := python(t, "watch", b.At(b.watcher)[0])
	watcher.Await("ready")
	b.Peers(b.watcher, 1)
	watcher.Signal(syscall.SIGSTOP)
	const requests = 1000
	if again := python(t, "ask", b.front, "x", strconv.Itoa(requests), "16384", "10000").Await("done "); again != "0" {
		t.Errorf("asked again %s times", again)
	}
	l := b.Counts(b.watcher)
	dropped := l.Rejected + l.Discarded["overflow"]
	if dropped == 0 || l.Accepted+l.Rejected != 2*requests {
		t.Errorf("not every copy is accounted for, or none was dropped: %+v", l)
	}
	watcher.Signal(syscall.SIGCONT)
	left := 2*requests - int(dropped)
	watcher.Await("copies " + strconv.Itoa(left))
	rig.Until(t, "the books say so, too", func() bool { // which may take a moment longer
		l := b.Counts(b.watcher)
		return l.Queued == 0 && int(l.Taken) == left
	})
}

// A client takes none of its replies, while another one is served.
func TestClientStalls(t *testing.T) {
	b := start(t, &proxy{
		front: socket.Config{Type: socket.Router, Bind: wild, MuteTimeout: 100 * time.Millisecond,
			Options: socket.Options{SendHWM: 4, SendBuffer: 1 << 16}},
		back: socket.Config{Type: socket.Dealer, Bind: wild}})
	python(t, "work", b.back).Await("ready")
	stalled := python(t, "flood", b.front, "600", "20000")
	rig.Until(t, "all it asks is forwarded", func() bool { return b.tally()[0].forwarded >= 600 })
	stalled.Signal(syscall.SIGSTOP)
	python(t, "ask", b.front, "x", "500", "100", "300").Await("done ")
	rig.Until(t, "replies that nobody takes come back", func() bool {
		n := b.tally()
		return n[1].returned > 100 && n[1].forwarded >= 1100
	})
}

// Nothing passes in a pause, and nothing is lost by it.
func TestPause(t *testing.T) {
	b := queue(t, socket.Config{})
	worker := python(t, "work", b.back)
	worker.Await("ready")
	b.Peers(b.backend, 1)
	client := b.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{b.front}})
	if got := b.Ask(client, messages.Text("before")).Text(); got != "BEFORE" {
		t.Errorf("got %q", got)
	}
	if err := b.pause(b.Ctx, b.Root); err != nil {
		t.Fatal(err)
	}
	before := b.tally()
	answers := make(chan string, 100)
	for n := range cap(answers) {
		go func() {
			m, err := messages.Ask(b.Ctx, b.Root, client, messages.Text("held", strconv.Itoa(n)))
			if err != nil {
				t.Error(err)
			}
			answers <- m.Text()
		}()
	}
	ctx, cancel := context.WithTimeout(b.Ctx, 200*time.Millisecond)
	defer cancel()
	if m, err := messages.Ask(ctx, b.Root, client, messages.Text("given up")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, %v in a pause", m, err)
	}
	if now := b.tally(); now != before || len(answers) > 0 {
		t.Errorf("%+v in a pause, %+v before, %d answers", now, before, len(answers))
	}
	if err := b.resume(b.Ctx, b.Root); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range cap(answers) {
		got = append(got, <-answers)
	}
	slices.Sort(got)
	for n, text := range got {
		if !strings.HasPrefix(text, "HELD ") || n > 0 && got[n-1] == text {
			t.Errorf("answer %d is %q", n, text)
		}
	}
}

// Each of the proxy's own sockets is lost in turn while a client asks.
func TestSocketsLost(t *testing.T) {
	b := queue(t, socket.Config{})
	python(t, "work", b.back).Await("ready")
	asks := python(t, "ask", b.front, "x", "400", "10", "300")
	for i, pid := range []string{"frontend", "backend", "frontend", "backend"} {
		asks.Await("answered " + strconv.Itoa(50*(i+1)))
		b.Do(b.System.NewLocalPID("proxy/"+pid), &socket.Fail{Err: errors.New("on purpose")})
	}
	for line := range asks.Lines() {
		if strings.HasPrefix(line, "done ") {
			break
		}
		if strings.HasPrefix(line, "bad") {
			t.Error(line)
		}
	}
	if n := b.tally(); n[0].forwarded < 400 || n[1].forwarded < 400 {
		t.Errorf("%+v", n)
	}
}
