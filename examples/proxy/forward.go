package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// maxTopics is how many topics a proxy subscribes to on behalf of its subscribers.
const maxTopics = 1 << 16

// forward passes on what one socket receives to another.
type forward struct {
	to, copies *actor.PID // copies is nil if nobody watches
	waits      bool       // until the other socket has sent it: whoever sends to us is held up, then
	subscribes bool       // what comes from an XPUB is to become subscriptions of the XSUB

	topics map[string]bool // subscribed to
	counts counts
}

// counts is what a forward has done.
type counts struct {
	forwarded int // messages and subscriptions
	returned  int // of these: the other socket did not want them, because the client has gone, for one
}

// howMany asks a forward for its counts.
type howMany struct{}

func (f *forward) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *messages.Message:
		f.take(c, messages.Bytes(m.Frames...)) // without what m knows of its envelope: this is another message
	case *messages.Rejected, *messages.Refused:
		f.counts.returned++
	case howMany:
		c.Respond(f.counts)
	}
}

func (f *forward) take(c actor.Context, m *messages.Message) {
	if f.copies != nil {
		c.Send(f.copies, m)
	}
	if f.subscribes && f.subscription(c, m) {
		return
	}
	f.counts.forwarded++
	if !f.waits {
		c.Request(f.to, m) // it comes back if it cannot be sent
		return
	}
	// Meanwhile nothing else is taken, so that the window fills, the socket is not read, and so on to
	// where it comes from. It ends when the socket does.
	if err := messages.Put(context.Background(), c, f.to, m); err != nil {
		f.counts.returned++
		if !errors.Is(err, messages.ErrStopped) {
			c.Logger().Warn("forward", slog.Any("error", err))
		}
	}
}

// subscription subscribes, or unsubscribes, and reports whether it was to be done. By a command rather
// than by the message itself, for a command outlives the native socket. The XPUB tells of each topic's
// first subscriber and last. One that was opened anew does so again, and does not tell of those who
// have not come back: their topics are kept.
func (f *forward) subscription(c actor.Context, m *messages.Message) bool {
	if len(m.Frames) != 1 || len(m.Frames[0]) == 0 || m.Frames[0][0] > 1 {
		return false
	}
	topic := m.Frames[0][1:]
	switch on := m.Frames[0][0] == 1; {
	case on == f.topics[string(topic)]:
	case on && len(f.topics) >= maxTopics:
		f.counts.returned++
	case on:
		f.topics[string(topic)] = true
		f.counts.forwarded++
		c.Request(f.to, &messages.Subscribe{Topic: topic})
	default:
		delete(f.topics, string(topic))
		f.counts.forwarded++
		c.Request(f.to, &messages.Unsubscribe{Topic: topic})
	}
	return true
}
