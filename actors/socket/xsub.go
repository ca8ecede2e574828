package socket

import (
	"slices"

	"github.com/sockeye-mq/sockeye/messages"
)

// xsub receives what begins with one of its topics, and may talk back: a message whose first byte
// is 1 subscribes to what follows it, one with 0 unsubscribes, any other travels to the publishers.
// Config.Subscribe and the live commands send those messages and survive a reopen; subscriptions
// sent by hand do not.
//
// libzmq takes every frame for a subscription whose first byte is 0 or 1, also inside of a message,
// which would then arrive without it. Such a message is refused.
type xsub struct{ duplex }

func newXSub() pattern { return xsub{duplex{simple{XSub}}} }

func (x xsub) address(b *box, m *messages.Message, o *origin) ([][]byte, [][]byte, messages.Reason) {
	if len(m.Frames) > 1 && slices.ContainsFunc(m.Frames, func(f []byte) bool { return len(f) > 0 && f[0] <= 1 }) {
		return nil, nil, messages.Reason_MALFORMED
	}
	return x.duplex.address(b, m, o)
}
