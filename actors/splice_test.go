package actors_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

func TestMain(m *testing.M) { rig.Main(m) }

type channel = chan *messages.Message

// next reads one message, or fails.
func next(t *testing.T, c channel) *messages.Message {
	t.Helper()
	select {
	case m, ok := <-c:
		if !ok {
			t.Fatal("closed")
		}
		return m
	case <-time.After(rig.Patience):
		t.Fatal("nothing to read")
		return nil
	}
}

// closed waits until c is closed, and returns how many messages came before.
func closed(t *testing.T, c channel) (n int) {
	t.Helper()
	timeout := time.After(rig.Patience)
	for {
		select {
		case _, open := <-c:
			if !open {
				return n
			}
			n++
		case <-timeout:
			t.Fatal("never closed")
		}
	}
}

func gone(r *rig.Rig, pid *actor.PID) bool {
	_, err := socket.Endpoints(r.Ctx, r.Root, pid)
	return errors.Is(err, messages.ErrStopped)
}

func TestSpliceFlushesAndCloses(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	out, in := make(channel), make(channel)
	pull, err := actors.Splice(r.System, r.Thread, socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}}, nil, in)
	if err != nil {
		t.Fatal(err)
	}
	push, err := actors.Splice(r.System, r.Thread, socket.Config{Type: socket.Push, Connect: r.At(pull)}, out, nil)
	if err != nil {
		t.Fatal(err)
	}
	const n = 5000
	go func() {
		for i := range n {
			out <- messages.Text(fmt.Sprint(i))
		}
		close(out)
	}()
	for i := range n {
		if m := next(t, in); m.Text() != fmt.Sprint(i) {
			t.Fatalf("got %q, want %d", m.Text(), i)
		}
	}
	rig.Until(t, "the PUSH to stop by itself", func() bool { return gone(r, push) })
	r.Root.Poison(pull)
	closed(t, in)
}

// A reader that does not read blocks the writer: nothing is lost, and nothing piles up.
func TestSpliceBackpressure(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	out, in := make(channel), make(channel)
	small := socket.Options{SendHWM: 1, RecvHWM: 1}
	pull, err := actors.Splice(r.System, r.Thread, socket.Config{Type: socket.Pull, Bind: []string{"inproc://x"}, Window: 2, Options: small}, nil, in)
	if err != nil {
		t.Fatal(err)
	}
	r.At(pull)
	push, err := actors.Splice(r.System, r.Thread, socket.Config{Type: socket.Push, Connect: []string{"inproc://x"},
		Outbox: socket.Limit{Messages: 3}, Options: small}, out, nil)
	if err != nil {
		t.Fatal(err)
	}
	written := 0
	for full := false; !full; {
		select {
		case out <- messages.Text(fmt.Sprint(written)):
			written++
		case <-time.After(200 * time.Millisecond): // long after everything has settled
			full = true
		}
	}
	// 2 in both pipe ends, 2 in the window and 1 beyond it in the channel's hands, 3 in the outbox,
	// 1 in the pump's hands.
	if written > 12 {
		t.Fatal(written, "messages fit into bounds that add up to less")
	}
	go func() {
		for i := range 100 {
			out <- messages.Text(fmt.Sprint(written + i))
		}
		close(out)
	}()
	for i := range written + 100 {
		if m := next(t, in); m.Text() != fmt.Sprint(i) {
			t.Fatalf("got %q, want %d", m.Text(), i)
		}
	}
	rig.Until(t, "the PUSH to stop", func() bool { return gone(r, push) })
	r.Root.Poison(pull)
	closed(t, in)
}

// REP through channels: what is written next is the answer.
func TestSpliceRep(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	requests, answers := make(channel), make(channel)
	rep, err := actors.Splice(r.System, r.Thread, socket.Config{Type: socket.Rep, Bind: []string{"inproc://rep"}}, answers, requests)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for m := range requests {
			answers <- messages.Text("re: " + m.Text())
		}
	}()
	r.At(rep)
	var clients []func() error
	for i := range 4 {
		req := r.Spawn(socket.Config{Type: socket.Req, Connect: []string{"inproc://rep"}})
		clients = append(clients, func() error {
			for j := range 100 {
				text := fmt.Sprint(i, "-", j)
				m, err := messages.Ask(r.Ctx, r.Root, req, messages.Text(text))
				if err != nil || m.Text() != "re: "+text {
					return fmt.Errorf("%s: %v %w", text, m.Text(), err)
				}
			}
			return nil
		})
	}
	errs := make(chan error)
	for _, c := range clients {
		go func() { errs <- c() }()
	}
	for range clients {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	close(answers)
	rig.Until(t, "the REP to stop", func() bool { return gone(r, rep) })
}

// A socket that is stopped closes recv, and whoever still writes to send is not left blocked.
func TestSpliceStopped(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	out, in := make(channel), make(channel)
	pair, err := actors.Splice(r.System, r.Thread, socket.Config{Type: socket.Pair, Bind: []string{"inproc://pair"}}, out, in)
	if err != nil {
		t.Fatal(err)
	}
	r.Stop(pair)
	closed(t, in)
	for range 100 {
		select {
		case out <- messages.Text("late"):
		case <-time.After(rig.Patience):
			t.Fatal("a writer is blocked")
		}
	}
	close(out)
	rig.Until(t, "dead letters", func() bool { return len(r.Dead.To(pair)) == 100 })
}

// What nobody reads after the end is a dead letter once the linger is over, and recv is closed.
func TestSpliceNobodyReads(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	in := make(channel)
	cfg := socket.Config{Type: socket.Pull, Bind: []string{"inproc://unread"}, Options: socket.Options{Linger: 50 * time.Millisecond}}
	pull, err := actors.Splice(r.System, r.Thread, cfg, nil, in)
	if err != nil {
		t.Fatal(err)
	}
	r.At(pull)
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{"inproc://unread"}})
	for range 10 {
		r.Put(push, messages.Text("x"))
	}
	rig.Until(t, "delivered", func() bool { return r.Counts(pull).Delivered == 10 })
	r.Root.Poison(pull)
	if n := closed(t, in); n > 10 {
		t.Fatal(n)
	}
}

func TestSpliceAdopted(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	ctx, err := zmq4.NewContext()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Shutdown(); ctx.Term() })
	s, err := ctx.NewSocket(zmq4.PULL)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Bind("tcp://127.0.0.1:*"); err != nil {
		t.Fatal(err)
	}
	at, _ := s.GetLastEndpoint()
	in := make(channel, 10)
	pull, err := actors.SpliceAdopted(r.System, r.Thread, s, socket.Config{}, nil, in)
	if err != nil {
		t.Fatal(err)
	}
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{at}})
	r.Put(push, messages.Text("hello"))
	if m := next(t, in); m.Text() != "hello" {
		t.Fatal(m)
	}
	r.Root.Poison(pull)
	closed(t, in)
}

func TestSpliceBadInput(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	c := make(channel)
	for name, try := range map[string]func() error{
		"a PULL does not send": func() error {
			_, err := actors.Splice(r.System, r.Thread, socket.Config{Type: socket.Pull}, c, c)
			return err
		},
		"a PUSH receives nothing": func() error {
			_, err := actors.Splice(r.System, r.Thread, socket.Config{Type: socket.Push}, c, c)
			return err
		},
		"endpoint": func() error {
			_, err := actors.Splice(r.System, r.Thread, socket.Config{Type: socket.Push, Connect: []string{"nonsense"}}, c, nil)
			return err
		},
		"Deliver": func() error {
			_, err := actors.Splice(r.System, r.Thread, socket.Config{Type: socket.Pull, Deliver: socket.To(r.Echo())}, nil, c)
			return err
		},
		"nil socket": func() error {
			_, err := actors.SpliceAdopted(r.System, r.Thread, nil, socket.Config{}, nil, c)
			return err
		},
	} {
		var wrong *socket.ConfigError
		if err := try(); !errors.As(err, &wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
