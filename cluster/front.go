package cluster

import (
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// front is a keeper's mailbox. What is for the socket goes to the socket, on the sender's goroutine: the
// keeper has no queue of its own that nobody bounds.
type front struct {
	actor.Mailbox
	keeping *keeping
	system  *actor.ActorSystem
	socket  atomic.Pointer[actor.PID]
}

func newFront(k *keeping) *front {
	return &front{Mailbox: actor.Unbounded()(), keeping: k, system: k.cluster.system}
}

// lead has everything go to a socket, or to nobody.
func (f *front) lead(pid *actor.PID) { f.socket.Store(pid) }

func (f *front) leads() *actor.PID { return f.socket.Load() }

// RegisterHandlers implements actor.Mailbox.
func (f *front) RegisterHandlers(i actor.MessageInvoker, d actor.Dispatcher) {
	f.keeping.self = i.(actor.Context).Self()
	f.Mailbox.RegisterHandlers(i, d)
}

// PostUserMessage implements actor.Mailbox.
func (f *front) PostUserMessage(x any) {
	_, m, from := actor.UnwrapEnvelope(x)
	switch m.(type) {
	case *turned, *resigned, *again, *leave:
		f.Mailbox.PostUserMessage(x)
		return
	case *actor.PoisonPill:
		f.Mailbox.PostUserMessage(&leave{})
		return
	case *actor.Touch:
	case actor.AutoReceiveMessage:
		f.Mailbox.PostUserMessage(x)
		return
	}
	to := f.leads()
	if to == nil {
		f.giveBack(m, from)
		return
	}
	if from == nil {
		f.system.Root.Send(to, m)
	} else {
		f.system.Root.RequestWithCustomSender(to, m, from)
	}
}

// giveBack is what a socket does with what it does not take.
func (f *front) giveBack(m any, from *actor.PID) {
	if offer, ok := m.(*messages.Offer); ok {
		if m = any(offer.GetMessage()); offer.GetMessage() == nil {
			m = offer.GetBatch()
		}
	}
	if from == nil {
		f.system.DeadLetter.SendUserMessage(f.keeping.self, m)
		return
	}
	switch m := m.(type) {
	case *messages.Message:
		f.system.Root.Send(from, f.rejected(&messages.Rejected{Message: m}))
	case *messages.Batch:
		f.system.Root.Send(from, f.rejected(&messages.Rejected{Batch: m}))
	case *actor.Touch:
		f.system.Root.Send(from, &actor.Touched{Who: f.keeping.self}) // nothing waits
	case *messages.Cancelled:
	default:
		f.system.Root.Send(from, &messages.Refused{Reason: messages.Reason_NOT_OWNER, Detail: f.detail()})
	}
}

func (f *front) rejected(r *messages.Rejected) *messages.Rejected {
	r.Reason, r.Detail = messages.Reason_NOT_OWNER, f.detail()
	return r
}

func (f *front) detail() string { return f.keeping.name + ": " + messages.ErrNotOwner.Error() }
