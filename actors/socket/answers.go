package socket

import (
	"github.com/asynkron/protoactor-go/actor"
)

// answerer is the process behind the sender of what a socket delivers. The number of the request
// travels in the sender PID's RequestId, which every actor keeps for c.Respond, so that answers are
// paired exactly, however late and in whatever order. The same way a Touched finds its Touch.
type answerer struct{ box *box }

// answerTo is the sender for request id.
func (b *box) answerTo(id uint32) *actor.PID {
	return &actor.PID{Address: b.answers.Address, Id: b.answers.Id, RequestId: id}
}

// SendUserMessage implements actor.Process. It runs on the sender's goroutine.
func (a *answerer) SendUserMessage(pid *actor.PID, x any) {
	_, msg, from := actor.UnwrapEnvelope(x)
	if t, ok := msg.(*actor.Touched); ok {
		a.box.touched(t.Who, pid.GetRequestId())
		return
	}
	if _, ok := msg.(*actor.DeadLetterResponse); ok {
		return // of a Touch: the actor watches its receivers
	}
	if _, ok := msg.(*actor.PoisonPill); ok {
		return // meant for the peer's socket, which this is not
	}
	a.box.post(msg, from, pid.GetRequestId(), x)
}

// SendSystemMessage implements actor.Process: whoever watches the sender watches the socket.
func (a *answerer) SendSystemMessage(_ *actor.PID, x any) {
	switch x.(type) {
	case *actor.Watch, *actor.Unwatch:
		a.box.PostSystemMessage(x)
	}
}

// Stop implements actor.Process. A receiver cannot stop the socket through its sender.
func (a *answerer) Stop(*actor.PID) {}
