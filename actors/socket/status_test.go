package socket_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// statusOf is how a socket is now, or was when it stopped.
func statusOf(r *rig.Rig, pid *actor.PID) *socket.Status {
	for s := range socket.All(r.System) {
		if s.PID.Equal(pid) {
			return s
		}
	}
	for _, s := range socket.Gone(r.System) {
		if s.PID.Equal(pid) {
			return s
		}
	}
	return &socket.Status{}
}

// A socket's status says what it is bound and connected to, who is there and what was moved.
func TestStatus(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	in := r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(in.PID), Window: 128})
	at := r.At(pull)
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: at, Outbox: socket.Limit{Messages: 77}})
	r.Peers(pull, 1)
	r.Peers(push, 1)
	r.Put(push, messages.Bytes(make([]byte, 10), make([]byte, 20)))
	r.Put(push, messages.Bytes(make([]byte, 200_000)))
	in.Message()
	in.Message()
	rig.Until(t, "both are received and processed", func() bool {
		s := statusOf(r, pull)
		return s.Ledger.Delivered == 2
	})
	s := statusOf(r, pull)
	if s.Type != socket.Pull || s.State != socket.StateOpen || !slices.Equal(s.Bound, at) || s.Peers != 1 || !s.Thread.Equal(r.Thread.PID()) ||
		s.Window != 128 || len(s.Receivers) != 1 || !s.Receivers[0].PID.Equal(in.PID) || s.Incarnations != 1 || s.Opens != 1 || s.LastError != nil {
		t.Errorf("%+v", s)
	}
	if s.Ledger.Received != 2 || s.Ledger.ReceivedBytes != 200_030 {
		t.Errorf("%+v", s.Ledger)
	}
	s = statusOf(r, push)
	if s.Outbox.Messages != 77 || !slices.Equal(s.Connected, at) || s.Ledger.Taken != 2 || s.Ledger.TakenBytes != 200_030 || s.Peers != 1 {
		t.Errorf("%+v", s)
	}
	r.Do(push, &messages.Disconnect{Endpoint: at[0]})
	if s := statusOf(r, push); len(s.Connected) != 0 {
		t.Error(s.Connected)
	}
}

// A failed socket says so until it is open again, and one that is gone says why.
func TestStatusOfFailures(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	events := r.Collector()
	failed := errors.New("what happened")
	var heard []string
	var mu sync.Mutex
	remove := socket.Tap(r.System, func(pid *actor.PID, e any) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, strings.TrimPrefix(pid.Id, "$"), e.(interface{ String() string }).String())
	})
	// The supervisor does not let it come back before it is told to.
	release := make(chan actor.Directive)
	held := actor.NewOneForOneStrategy(10, time.Minute, func(any) actor.Directive { return <-release })
	pid := r.SpawnSupervised(held, socket.Config{Type: socket.Pair, Bind: []string{"tcp://127.0.0.1:*"}, Events: events.PID})
	rig.Await[*socket.Opened](events)
	r.Root.Send(pid, &socket.Fail{Err: failed})
	rig.Await[*socket.Failed](events)
	s := statusOf(r, pid)
	if s.State != socket.StateFailed || !errors.Is(s.LastError, failed) || s.LastAt.IsZero() {
		t.Errorf("%+v", s)
	}
	release <- actor.RestartDirective
	rig.Await[*socket.Opened](events)
	s = statusOf(r, pid)
	if s.State != socket.StateOpen || s.Incarnations != 2 || s.Opens != 2 {
		t.Errorf("%+v", s)
	}
	r.Root.Send(pid, &socket.Fail{Err: failed})
	release <- actor.StopDirective
	rig.Await[*socket.Stopped](events)
	s = statusOf(r, pid)
	if s.State != socket.StateStopped || !errors.Is(s.Reason, failed) {
		t.Errorf("%+v", s)
	}
	remove()
	mu.Lock()
	defer mu.Unlock()
	all := strings.Join(heard, "\n")
	for _, want := range []string{"listening on", "what happened", "open: ", "stopped: "} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in %s", want, all)
		}
	}
}

// A paused socket moves nothing in either direction, and loses nothing by it.
func TestPause(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	in := r.Collector()
	pull := r.SpawnSupervised(&supervision.Backoff{Min: 1, Max: 1}, socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(in.PID)})
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull)})
	r.Peers(push, 1)
	r.Put(push, messages.Text("before"))
	if m := in.Message(); m.Text() != "before" {
		t.Fatal(m)
	}
	r.Do(pull, &socket.Pause{})
	if s := statusOf(r, pull); s.State != socket.StatePaused {
		t.Error(s.State)
	}
	r.Put(push, messages.Text("while"))
	r.Root.Send(pull, &socket.Fail{Err: errors.New("it outlives a restart"), Kept: true})
	rig.Until(t, "it is open again", func() bool { s := statusOf(r, pull); return s.Incarnations == 2 && s.State == socket.StatePaused })
	// Another socket goes all the way meanwhile, on the same thread.
	other := r.Collector()
	b := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(other.PID)})
	a := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(b)})
	for range 20 {
		r.Put(a, messages.Text("past it"))
		other.Message()
	}
	if s := statusOf(r, pull); s.Ledger.Received != 1 || s.Ledger.Delivered != 1 {
		t.Errorf("%+v", s.Ledger)
	}
	r.Do(push, &socket.Pause{})
	r.Root.Send(push, messages.Text("behind"))
	r.Do(pull, &socket.Resume{})
	if m := in.Message(); m.Text() != "while" {
		t.Error(m)
	}
	if s := statusOf(r, push); s.Ledger.Queued != 1 || s.Ledger.Taken != 2 {
		t.Errorf("%+v", s.Ledger)
	}
	r.Root.Poison(push) // sends what is left
	if m := in.Message(); m.Text() != "behind" {
		t.Error(m)
	}
}

// All is there while sockets come and go.
func TestAllWhileTheyComeAndGo(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	done := make(chan bool)
	go func() {
		defer close(done)
		for range 200 {
			pid := r.Root.Spawn(socket.Props(r.Thread, socket.Config{Type: socket.Dealer, Connect: []string{"inproc://nobody"}}))
			r.Root.Stop(pid)
		}
	}()
	for n := 0; ; n++ {
		select {
		case <-done:
			rig.Until(t, "none is left", func() bool {
				for range socket.All(r.System) {
					return false
				}
				return true
			})
			if n := len(socket.Gone(r.System)); n != 200 {
				t.Error(n)
			}
			return
		default:
			for s := range socket.All(r.System) {
				if s.State == "" {
					t.Error(s)
				}
			}
		}
	}
}
