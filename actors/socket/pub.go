package socket

import (
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// pub sends each message to all subscribers of its topic; without any, ZeroMQ drops it.
//
// It is opened as a native XPUB, which speaks PUB's wire, for two reasons: XPUB_NODROP makes a full
// subscriber fill the outbox instead of losing messages in silence (facts Z10; Options.DropSlow
// turns that off), and XPUB sees its subscriptions, so that WaitPeers can wait for them.
type pub struct {
	simple
	typ zmq.Type
}

func newPub(c Config) pattern {
	p := pub{simple{Pub}, XPub}
	if c.Options.Conflate || c.adopted() {
		p.typ = Pub // ZeroMQ conflates only a PUB proper
	}
	return p
}

func (p pub) native() zmq.Type { return p.typ }
func (pub) receives() bool     { return false }
func (p pub) mayReceive() int {
	if p.typ == Pub {
		return 0
	}
	return unlimited
}

// took counts subscriptions; nothing that a subscriber sends is for users.
func (pub) took(b *box, batch *messages.Batch) (*origin, bool) {
	n, first := 0, true
	for f, last := range batch.Frames() {
		if first && last && len(f) > 0 {
			switch f[0] {
			case 1:
				n++
			case 0:
				n--
			}
		}
		first = last
	}
	b.subscribed(n)
	return nil, true
}

func (pub) detached(b *box) { b.subscribed(-unlimited) }
