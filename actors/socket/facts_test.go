package socket_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// What Proto.Actor does around a stop, and sockets do not; by the number of the fact.

// P7: a Stop overtakes what is queued, and Proto.Actor drops that without a word. Here each message is
// a dead letter, each caller is answered, and the ledger says how many.
func TestP7StopLosesNothingSilently(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	events := r.Collector()
	pid := r.Spawn(socket.Config{Type: socket.Dealer, Events: events.PID}) // no peer: nothing leaves
	const sent, asks = 50, 5
	for i := range sent {
		r.Root.Send(pid, messages.Text(fmt.Sprint(i)))
	}
	answers := make(chan error, asks)
	for range asks {
		go func() {
			_, err := messages.Ask(r.Ctx, r.Root, pid, messages.Text("?"))
			answers <- err
		}()
	}
	rig.Until(t, "all are accepted", func() bool { return r.Counts(pid).Queued == sent+asks })
	r.Root.Stop(pid)
	for range asks {
		if err := <-answers; !errors.Is(err, messages.ErrStopped) {
			t.Error(err)
		}
	}
	if stopped, _ := rig.Await[*socket.Stopped](events); stopped.Ledger.DeadLettered != sent+asks {
		t.Error(stopped)
	}
	rig.Until(t, "all are dead letters", func() bool {
		n := 0
		for _, m := range r.Dead.To(pid) {
			if _, ok := m.(*messages.Message); ok {
				n++
			}
		}
		return n >= sent
	})
}

// P7 again: what follows a PoisonPill vanishes in Proto.Actor. Here it is refused.
func TestP7WhatFollowsAPoisonPill(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	pid := r.Spawn(socket.Config{Type: socket.Push, Options: socket.Options{Linger: 50 * time.Millisecond}})
	r.At(pid)
	r.Root.Send(pid, messages.Text("before"))
	future := r.Root.PoisonFuture(pid)
	if err := messages.Put(r.Ctx, r.Root, pid, messages.Text("after")); !errors.Is(err, messages.ErrStopped) {
		t.Error(err)
	}
	future.Wait()
}

// P8: a panic in Stopping turns a stop into a restart, and one in Stopped hangs it. Users' code that
// runs there, a subscriber to dead letters, panics; the socket stops all the same.
func TestP8PanicWhileStopping(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	events := r.Collector()
	var panics atomic.Int64
	r.System.EventStream.Subscribe(func(x any) {
		if d, ok := x.(*actor.DeadLetterEvent); ok {
			if _, ok := d.Message.(*messages.Message); ok {
				panics.Add(1)
				panic("a subscriber's")
			}
		}
	})
	pid := r.SpawnSupervised(quick(), socket.Config{Type: socket.Push, Events: events.PID})
	r.At(pid)
	for range 3 {
		r.Root.Send(pid, messages.Text("nobody takes this"))
	}
	r.Stop(pid)
	stopped, _ := rig.Await[*socket.Stopped](events)
	if panics.Load() != 3 || stopped.Ledger.DeadLettered != 3 {
		t.Error(panics.Load(), stopped)
	}
	rig.Until(t, "its socket is closed", func() bool { return r.Thread.Sockets() == 0 })
}

// P8 again: a stop that races a failure starts an incarnation that nobody can stop.
func TestP8StopRacesFailure(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	for i := range 300 {
		events := make(chan *socket.Stopped, 2)
		watcher := r.Actor(func(c actor.Context) {
			if m, ok := c.Message().(*socket.Stopped); ok {
				events <- m
			}
		})
		pid := r.SpawnSupervised(&supervision.Backoff{Min: 1, Max: time.Microsecond}, socket.Config{Type: socket.Pull, Events: watcher})
		if i%2 == 0 {
			r.At(pid)
		}
		var both sync.WaitGroup
		both.Go(func() { r.Root.Send(pid, &socket.Fail{Err: errors.New("now"), Kept: i%3 == 0}) })
		both.Go(func() { r.Root.Stop(pid) })
		both.Wait()
		<-events
		ctx, cancel := context.WithTimeout(r.Ctx, rig.Patience)
		if _, err := socket.Endpoints(ctx, r.Root, pid); !errors.Is(err, messages.ErrStopped) {
			t.Fatal(err)
		}
		cancel()
		rig.Until(t, "its process is gone", func() bool {
			_, there := r.System.ProcessRegistry.GetLocal(pid.Id)
			return !there
		})
	}
	rig.Until(t, "all sockets are closed", func() bool { return r.Thread.Sockets() == 0 })
}

// P9: messages come after Stopping, and after Restarting under all-for-one. They are refused and
// counted, or sent; one more failure they are not.
func TestP9LateMessages(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	in := r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(in.PID)})
	at := r.At(pull)
	var push, other *actor.PID
	spawned := make(chan bool)
	parent := r.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			push = c.Spawn(socket.Props(r.Thread, socket.Config{Type: socket.Push, Connect: at}))
			other = c.Spawn(socket.Props(r.Thread, socket.Config{Type: socket.Pull}))
			close(spawned)
		}
	}, actor.WithSupervisor(&supervision.AllForOne{Backoff: supervision.Backoff{Min: 1, Max: time.Millisecond}})))
	defer r.Stop(parent)
	<-spawned
	r.Peers(push, 1)
	const n = 2000
	go func() {
		for i := range n {
			messages.Put(r.Ctx, r.Root, push, messages.Text(fmt.Sprint(i)))
			if i%50 == 0 {
				r.Root.Send(other, &socket.Fail{Err: errors.New("both of us"), Kept: true})
			}
		}
	}()
	for i := range n {
		if m := in.Message(); m.Text() != fmt.Sprint(i) {
			t.Fatalf("%v instead of %d", m, i)
		}
	}
	// A message that the actor does not know, at any time of its life.
	r.Root.Send(push, "what is this")
	r.Root.Send(push, &actor.Terminated{Who: pull})
	if l := r.Counts(push); l.Taken != n || l.Rejected != 2 { // nobody but the framework says Terminated
		t.Errorf("%+v", l)
	}
	r.Root.Stop(push)
	for range 100 {
		r.Root.Send(push, messages.Text("late"))
	}
	if err := messages.Put(r.Ctx, r.Root, push, messages.Text("late")); !errors.Is(err, messages.ErrStopped) {
		t.Error(err)
	}
}
