package chaos

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// Minimal reproductions of what TestChaos has found.

// A request that is sent before the alarm of an earlier one, which was answered, has gone off never
// times out: the alarm wakes the thread, it is too early for this request, and no other is set.
func TestReplyTimeoutOfTheSecondRequest(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	served := 0
	server := r.Actor(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			if served++; served == 1 {
				c.Respond(m)
			}
		}
	})
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(server)})
	req := r.Spawn(socket.Config{Type: socket.Req, Connect: r.At(rep), ReplyTimeout: 100 * time.Millisecond})
	r.Ask(req, messages.Text("first"))
	<-time.After(20 * time.Millisecond)
	ctx, cancel := context.WithTimeout(r.Ctx, 2*time.Second)
	defer cancel()
	if _, err := messages.Ask(ctx, r.Root, req, messages.Text("second")); !errors.Is(err, messages.ErrTimedOut) {
		t.Error(err)
	}
}

// The dead letter of a batch for a receiver that has stopped comes back to the socket, which takes it
// for the end of its thread if it is being restarted just then, and stops for good.
func TestDeadReceiverOfBatches(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	var first, pull *actor.PID
	handed := 0
	// Handing over the first batch kills the receiver, the second becomes a dead letter, and then
	// the socket actor fails.
	dies := r.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}, actor.WithMailbox(actor.Unbounded(posted(func() {
		rig.Until(t, "both have arrived", func() bool { return r.Counts(pull).Received == 2 })
		r.Root.StopFuture(first).Wait()
	})))))
	first = dies
	panics := r.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}, actor.WithMailbox(actor.Unbounded(posted(func() {
		if handed++; handed == 2 {
			panic("a user's middleware")
		}
	})))))
	defer r.Stop(panics)
	pull = r.SpawnSupervised(patientBackoff(), socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"},
		Deliver: socket.To(dies, panics), OnDead: socket.HoldBack, Batch: 1})
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull)})
	r.Put(push, messages.Text("x"))
	r.Put(push, messages.Text("y"))
	rig.Until(t, "the second batch was handed over", func() bool { return r.Counts(pull).Dropped["failed"] == 1 })
	if err := socket.Reason(r.Ctx, r.Root, pull); err != nil {
		t.Error("the socket has stopped: ", err)
	}
}

// posted is called, in the poster's turn, with every batch that is posted.
type posted func()

func (p posted) MessagePosted(m any) {
	if _, ok := actor.UnwrapEnvelopeMessage(m).(*messages.Batch); ok {
		p()
	}
}
func (posted) MessageReceived(any) {}
func (posted) MailboxStarted()     {}
func (posted) MailboxEmpty()       {}
