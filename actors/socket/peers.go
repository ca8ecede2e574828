package socket

import (
	"context"
	"slices"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// peers counts who is connected. Guarded by box.mu.
type peers struct {
	wire    int            // peers that have finished their handshake, by the monitor
	failing int            // handshakes that failed and whose connection has yet to end
	inproc  map[string]int // by endpoint
	topics  int            // subscriptions that a Pub has seen
	waiting []peerWait
}

type peerWait struct {
	n  int
	to *actor.PID
}

// WaitPeers returns when the socket pid has n peers that have finished their handshake; on a Pub,
// when besides it has seen n subscriptions, which is exact as long as each peer has one topic: ZeroMQ
// does not say whose a subscription is; on a Stream, when n are connected. No sleeps against slow joiners. With Config.NoMonitor
// it sees inproc peers only.
func WaitPeers(ctx context.Context, sender actor.SenderContext, pid *actor.PID, n int) error {
	_, err := messages.Call(ctx, sender, pid, askPeers{n})
	return err
}

func (p *peers) count(typ zmq.Type) int {
	n := p.wire
	for _, k := range p.inproc {
		n += k
	}
	if typ == Pub {
		n = min(n, p.topics)
	}
	return n
}

func (p *peers) reset() {
	p.wire, p.failing = 0, 0
}

func (p *peers) cancel(from *actor.PID) {
	p.waiting = slices.DeleteFunc(p.waiting, func(w peerWait) bool { return w.to.Equal(from) })
}

// Event implements zmqthread.Port. Runs on the ZeroMQ thread.
func (b *box) Event(e zmqthread.Event) {
	b.settle(func() {
		p := &b.peers
		switch e.Event {
		case zmq.EVENT_HANDSHAKE_SUCCEEDED:
			p.wire++
		case zmq.EVENT_CONNECTED, zmq.EVENT_ACCEPTED:
			if b.cfg.Type == Stream { // raw TCP: there is no handshake to wait for
				p.wire++
			}
		case zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.EVENT_HANDSHAKE_FAILED_AUTH:
			p.failing++
		case zmq.EVENT_DISCONNECTED:
			if p.failing > 0 {
				p.failing--
			} else {
				p.wire = max(0, p.wire-1)
			}
		}
		b.checkPeers()
	})
}

// Met implements zmqthread.Port. Runs on any ZeroMQ thread.
func (b *box) Met(endpoint string, n int) {
	b.settle(func() {
		if b.peers.inproc == nil {
			b.peers.inproc = map[string]int{}
		}
		b.peers.inproc[endpoint] = n
		if n == 0 {
			delete(b.peers.inproc, endpoint)
		}
		b.checkPeers()
	})
}

// subscribed books subscriptions that a Pub has seen. Runs on the ZeroMQ thread.
func (b *box) subscribed(n int) {
	b.settle(func() {
		b.peers.topics = max(0, b.peers.topics+n)
		b.checkPeers()
	})
}

// checkPeers answers who has waited long enough. Caller holds mu, and nudges.
func (b *box) checkPeers() {
	n := b.peers.count(b.typeOfPeers())
	b.peers.waiting = slices.DeleteFunc(b.peers.waiting, func(w peerWait) bool {
		if w.n <= n {
			b.write(w.to, &messages.Done{})
		}
		return w.n <= n
	})
}

// typeOfPeers: a PUB proper sees no subscriptions to wait for.
func (b *box) typeOfPeers() zmq.Type {
	if b.pattern.native() == Pub {
		return Push
	}
	return b.cfg.Type
}
