// Package remote holds the tests of sockets whose receivers are in another process, reached through
// Proto.Actor's remote.
package remote

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// desk is a thread on the near system.
type desk struct {
	t      *testing.T
	ctx    context.Context
	thread *zmqthread.Thread
}

func newDesk(t *testing.T) *desk {
	ctx, cancel := context.WithTimeout(context.Background(), 2*rig.Patience)
	thread, err := zmqthread.Start(near, zmqthread.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := thread.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		cancel()
	})
	return &desk{t, ctx, thread}
}

func (d *desk) spawn(cfg socket.Config) (*actor.PID, []string) {
	pid := near.Root.Spawn(socket.Props(d.thread, cfg))
	at, err := socket.Endpoints(d.ctx, near.Root, pid)
	if err != nil {
		d.t.Fatal(err)
	}
	return pid, at
}

func (d *desk) counts(pid *actor.PID) socket.Ledger {
	l, err := socket.Counts(d.ctx, near.Root, pid)
	if err != nil {
		d.t.Fatal(err)
	}
	return l
}

// ask asks an actor of the other process.
func (d *desk) ask(id, what string) string {
	answer, err := messages.Ask(d.ctx, near.Root, actor.NewPID(farAddress, id), messages.Text(what))
	if err != nil {
		d.t.Fatal(err)
	}
	return answer.Text()
}

func (d *desk) hire(kind string) *actor.PID { return actor.NewPID(farAddress, d.ask("hire", kind)) }

// A receiver in another process has its window, too: its credit travels as Touch and Touched, which
// the framework there answers.
func TestWindowOfRemoteReceiver(t *testing.T) {
	for name, batch := range map[string]int{"messages": 0, "batches": 3} {
		t.Run(name, func(t *testing.T) {
			const window, total = 10, 300
			d := newDesk(t)
			worker := d.hire("worker")
			manager := worker.Id + "-manager"
			tight := socket.Options{SendHWM: 1, RecvHWM: 1}
			pull, at := d.spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://far"}, Deliver: socket.To(worker),
				Window: window, Batch: batch, Options: tight})
			push, _ := d.spawn(socket.Config{Type: socket.Push, Connect: at, Options: tight})
			for i := range total {
				near.Root.Send(push, messages.Text(fmt.Sprint(i)))
			}
			rig.Until(t, "the window to be full", func() bool { return d.counts(pull).Delivered == window })
			if l := d.counts(push); l.Queued == 0 {
				t.Errorf("the sender does not feel it: %+v", l)
			}
			d.ask(manager, "permit")
			var most, got, wrong int
			rig.Until(t, "everything to be processed", func() bool {
				fmt.Sscan(d.ask(manager, "and now?"), &most, &got, &wrong)
				return got == total
			})
			if most > window || wrong > 0 {
				t.Errorf("%d messages at once in a window of %d, %d out of order", most, window, wrong)
			}
		})
	}
}

// It answers requests: c.Respond finds its way back to the client.
func TestRemoteReceiverAnswers(t *testing.T) {
	d := newDesk(t)
	_, at := d.spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(d.hire("echo"))})
	req, _ := d.spawn(socket.Config{Type: socket.Req, Connect: at})
	for i := range 20 {
		reply, err := messages.Ask(d.ctx, near.Root, req, messages.Text(fmt.Sprint(i)))
		if err != nil || reply.Text() != fmt.Sprint("far ", i) {
			t.Error(reply.Text(), err)
		}
	}
}

// When it dies, the socket learns of it and stops, as with any receiver.
func TestRemoteReceiverDies(t *testing.T) {
	d := newDesk(t)
	worker := d.hire("worker")
	pull, _ := d.spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://far"}, Deliver: socket.To(worker)})
	near.Root.Stop(worker)
	rig.Until(t, "the socket to stop", func() bool { return errors.Is(socket.Reason(d.ctx, near.Root, pull), socket.ErrReceiverGone) })
}

// A message may also come from far away: Ask and Put work across processes, and are answered.
func TestRemoteSender(t *testing.T) {
	d := newDesk(t)
	worker := d.hire("worker")
	d.ask(worker.Id+"-manager", "permit")
	_, at := d.spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://back"}, Deliver: socket.To(worker)})
	push, _ := d.spawn(socket.Config{Type: socket.Push, Connect: at})
	far := actor.NewPID(near.Address(), push.Id) // as somebody else would write it
	for i := range 10 {
		if err := messages.Put(d.ctx, near.Root, far, messages.Text(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
}
