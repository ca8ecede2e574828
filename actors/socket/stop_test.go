package socket_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// Poison sends what the outbox holds before the socket closes, over every transport.
func TestPoisonFlushes(t *testing.T) {
	for _, transport := range rig.Transports {
		t.Run(transport, func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			got := r.Collector()
			pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{r.Endpoint(transport)}, Deliver: socket.To(got.PID)})
			push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull)})
			n := 3000
			if transport == "ipc" {
				n = 900 // libzmq loses what is under way when the receiver is over its high-water mark
			}
			for i := range n {
				r.Root.Send(push, messages.Text(fmt.Sprint(i)))
			}
			r.Poison(push)
			r.Root.Send(push, messages.Text("too late"))
			for i, m := range got.Messages(n) {
				if m.Text() != fmt.Sprint(i) {
					t.Fatalf("message %d is %q", i, m.Text())
				}
			}
			got.Empty()
			if dead := r.Dead.To(push); len(dead) != 1 {
				t.Errorf("%d dead letters, not only the one that came too late", len(dead))
			}
		})
	}
}

// A socket that cannot send stops nevertheless when its linger is over. What it could not send is
// dead letters, and a sender that waited is answered.
func TestPoisonIsBoundedByLinger(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	push := r.Spawn(socket.Config{Type: socket.Push, Options: socket.Options{Linger: 20 * time.Millisecond}})
	r.Root.Send(push, messages.Text("one"))
	done := make(chan error, 1)
	go func() { done <- messages.Put(r.Ctx, r.Root, push, messages.Text("two")) }()
	queued(r, push, 2)
	r.Poison(push)
	if err := <-done; !errors.Is(err, messages.ErrStopped) {
		t.Error(err)
	}
	r.Shutdown()
	if dead := r.Dead.To(push); len(dead) != 1 || dead[0].(*messages.Message).Text() != "one" {
		t.Errorf("dead letters: %v", dead)
	}
}

// Stop gives everything back at once: to those who wait, to senders, to the dead letters.
func TestStopAnswersEverybody(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	ledger, dealer := stopping(r, socket.Config{Type: socket.Dealer, Outbox: socket.Limit{Messages: 3}})
	me := r.Collector()
	r.Root.Send(dealer, messages.Text("nobody's"))
	r.Root.RequestWithCustomSender(dealer, messages.Text("mine"), me.PID)
	done := make(chan error, 5)
	go func() { done <- messages.Put(r.Ctx, r.Root, dealer, messages.Text("put")) }()
	queued(r, dealer, 3)
	go func() { done <- messages.Put(r.Ctx, r.Root, dealer, messages.Text("put, waiting for room")) }()
	go func() {
		_, err := messages.Ask(r.Ctx, r.Root, dealer, messages.Text("asked, waiting for room"))
		done <- err
	}()
	rig.Until(t, "all are waiting", func() bool { return waiting(r, dealer) == 5 })
	go func() { done <- socket.WaitPeers(r.Ctx, r.Root, dealer, 1) }()
	go func() { done <- r.Root.RequestFuture(dealer, messages.Text("future"), rig.Patience).Wait() }()
	rig.Until(t, "all are waiting", func() bool { return waiting(r, dealer) == 6 })
	r.Stop(dealer)
	for range 4 {
		if err := <-done; err != nil && !errors.Is(err, messages.ErrStopped) {
			t.Error(err)
		}
	}
	if m := me.Rejected(); !errors.Is(m, messages.ErrStopped) || m.Message.Text() != "mine" {
		t.Errorf("%v: %v", m, m.Message)
	}
	if dead := r.Dead.To(dealer); len(dead) != 1 || dead[0].(*messages.Message).Text() != "nobody's" {
		t.Errorf("dead letters: %v", dead)
	}
	if l := ledger(); l.Accepted != 3 || l.DeadLettered != 3 || l.Queued != 0 {
		t.Errorf("three messages were accepted and none was sent: %+v", l)
	}
}

// stopping spawns a socket and returns its ledger for when it has stopped.
func stopping(r *rig.Rig, cfg socket.Config) (func() socket.Ledger, *actor.PID) {
	pid := r.Spawn(cfg)
	return socket.Books(r.System, pid), pid
}

// What was received and not handed over when a socket stops is dead letters.
func TestStopReturnsWhatWasReceived(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	entered, release := make(chan struct{}, 1000), make(chan struct{})
	slow := r.Actor(func(c actor.Context) {
		if _, ok := c.Message().(*messages.Message); ok {
			entered <- struct{}{}
			<-release
		}
	})
	defer close(release)
	ledger, pull := stopping(r, socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(slow), Window: 10})
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull)})
	for range 50 {
		r.Put(push, messages.Text("x"))
	}
	<-entered
	rig.Until(t, "the window is full", func() bool { return r.Counts(pull).Delivered == 10 })
	r.Stop(pull)
	l := ledger()
	if l.Delivered != 10 || l.Held != 0 || int(l.Undelivered) != len(r.Dead.To(pull)) {
		t.Errorf("%d dead letters: %+v", len(r.Dead.To(pull)), l)
	}
}

// Whoever talks to a socket that has stopped learns that at once, and why.
func TestStoppedSocketAnswers(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	dealer := r.Spawn(socket.Config{Type: socket.Dealer})
	r.Stop(dealer)
	_, err := messages.Ask(r.Ctx, r.Root, dealer, messages.Text("x"))
	_, endpoints := socket.Endpoints(r.Ctx, r.Root, dealer)
	_, counts := socket.Counts(r.Ctx, r.Root, dealer)
	_, command := messages.Call(r.Ctx, r.Root, dealer, &messages.Connect{Endpoint: "inproc://x"})
	for what, err := range map[string]error{
		"ask": err, "put": messages.Put(r.Ctx, r.Root, dealer, messages.Text("x")), "endpoints": endpoints,
		"counts": counts, "command": command, "peers": socket.WaitPeers(r.Ctx, r.Root, dealer, 1),
	} {
		var dead *messages.Dead
		if !errors.Is(err, messages.ErrStopped) || !errors.Is(err, actor.ErrDeadLetter) || !errors.As(err, &dead) || !dead.PID.Equal(dealer) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// After Shutdown every socket is gone and says that the thread is.
func TestShutdownStopsSockets(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	dealer := r.Spawn(socket.Config{Type: socket.Dealer, Bind: []string{"tcp://127.0.0.1:*"}})
	r.At(dealer)
	r.Shutdown()
	if _, err := messages.Ask(r.Ctx, r.Root, dealer, messages.Text("x")); !errors.Is(err, messages.ErrStopped) {
		t.Error(err)
	}
	late := r.Root.Spawn(socket.Props(r.Thread, socket.Config{Type: socket.Dealer}))
	if _, err := socket.Endpoints(r.Ctx, r.Root, late); !errors.Is(err, messages.ErrStopped) || !errors.Is(err, zmqthread.ErrShutdown) {
		t.Error(err)
	}
}
