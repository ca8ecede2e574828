package socket

import (
	"context"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// peers counts who is connected. Guarded by box.mu.
//
// libzmq names the connection, by its descriptor, when it begins and when it ends, but not when its
// handshake is over; and with several I/O threads the events of one connection may change places.
// So connections are kept by descriptor, handshakes are counted, and the count is never more than
// there are connections. Where it cannot be told whether a connection that ends was a peer, it was
// none as long as the others can account for all handshakes: an error ends with the connections that
// it was about.
type peers struct {
	open    map[uint32]*connection // that have not ended
	early   map[uint32]time.Time   // ended before they had begun, by the order of events
	done    int                    // handshakes that have succeeded, of those
	ahead   int                    // handshakes that were told of before their connections
	aheadAt time.Time
	made    map[string]bool // endpoints that connections were made to, not accepted on
	inproc  map[string]int  // by endpoint
	topics  int             // subscriptions that a Pub has seen
	waiting []peerWait
}

// connection is a connection over tcp or ipc.
type connection struct {
	endpoint, peer string
	done           bool // its handshake has succeeded, as far as that can be told
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

// PeerCount says how many peers the socket pid has at this instant; see WaitPeers.
func PeerCount(ctx context.Context, sender actor.SenderContext, pid *actor.PID) (int, error) {
	a, err := messages.Call(ctx, sender, pid, askPeers{-1})
	if err != nil {
		return 0, err
	}
	return a.(int), nil
}

// connected is how many there are.
func (p *peers) connected(typ zmq.Type) int {
	n := min(p.done, len(p.open))
	if typ == Stream { // raw TCP: there is no handshake to wait for
		n = len(p.open)
	}
	for _, k := range p.inproc {
		n += k
	}
	return n
}

// count is how many of them a socket of this type waits for.
func (p *peers) count(typ zmq.Type) int {
	if typ == Pub {
		return min(p.connected(typ), p.topics)
	}
	return p.connected(typ)
}

// reset forgets the connections of a native socket that is gone. Those over inproc have been taken
// back one by one.
func (p *peers) reset() {
	p.open, p.early, p.made, p.done, p.ahead = nil, nil, nil, 0, 0
}

func (p *peers) cancel(from *actor.PID) {
	p.waiting = slices.DeleteFunc(p.waiting, func(w peerWait) bool { return w.to.Equal(from) })
}

// reordering is by how much two events of one connection may have changed places.
const reordering = 100 * time.Millisecond

func (p *peers) begin(e zmqthread.Event) {
	if at, ended := p.early[e.Value]; ended {
		delete(p.early, e.Value)
		if time.Since(at) < reordering {
			p.ahead = max(0, p.ahead-1) // its handshake, if it had one
			return
		}
	}
	if p.open == nil {
		p.open = map[uint32]*connection{}
	}
	p.open[e.Value] = &connection{endpoint: e.Endpoint, peer: e.Peer}
	if p.ahead > 0 {
		if p.ahead--; time.Since(p.aheadAt) < reordering {
			p.done++
		}
	}
}

// handshaken is the connection whose handshake is over, if there is only one that it can be.
func (p *peers) handshaken(endpoint string) (c *connection) {
	for _, x := range p.open {
		if x.endpoint != endpoint || x.done {
			continue
		}
		if c != nil {
			return nil
		}
		c = x
	}
	return c
}

func (p *peers) disconnected(e zmqthread.Event) (peer string) {
	c := p.open[e.Value]
	if c == nil {
		if p.early == nil || len(p.early) > 1024 {
			p.early = map[uint32]time.Time{}
		}
		p.early[e.Value] = time.Now()
		return ""
	}
	delete(p.open, e.Value)
	p.end(c)
	return c.peer
}

// end books the end of a connection.
func (p *peers) end(c *connection) {
	if c.done {
		p.done--
	}
	p.done = max(0, min(p.done, len(p.open)))
}

// Event implements zmqthread.Port. Runs on the ZeroMQ thread.
func (b *box) Event(e zmqthread.Event) {
	b.mu.Lock()
	failed := b.meter.failedHandshakes
	seen := b.seen(e)
	if seen != nil {
		b.event(seen)
	}
	heard := b.following.hear(e, b.cfg.Type)
	b.watchPeers()
	b.checkPeers()
	post := func() {}
	if heard || failed != b.meter.failedHandshakes || len(b.letters)+len(b.events.waiting) > 0 {
		post = b.nudge()
	}
	b.mu.Unlock()
	post()
	if b.troubled.Load() {
		b.kick()
	}
}

// seen books a monitor event and says what it is called. Caller holds mu.
func (b *box) seen(e zmqthread.Event) any {
	p := &b.peers
	switch e.Event {
	case zmq.EVENT_LISTENING:
		return &Listening{e.Endpoint}
	case zmq.EVENT_BIND_FAILED:
		return &BindFailed{e.Endpoint, errnoOf(e)}
	case zmq.EVENT_ACCEPTED:
		p.begin(e)
		return &Accepted{e.Endpoint, e.Peer}
	case zmq.EVENT_ACCEPT_FAILED:
		return &AcceptFailed{e.Endpoint, errnoOf(e)}
	case zmq.EVENT_CONNECTED:
		p.begin(e)
		if p.made == nil {
			p.made = map[string]bool{}
		}
		p.made[e.Endpoint] = true
		return &Connected{e.Endpoint, e.Peer}
	case zmq.EVENT_CONNECT_DELAYED:
		return &ConnectDelayed{e.Endpoint, errnoOf(e)}
	case zmq.EVENT_CONNECT_RETRIED:
		return &ConnectRetried{e.Endpoint, time.Duration(e.Value) * time.Millisecond}
	case zmq.EVENT_DISCONNECTED:
		b.meter.disconnects++
		return &Disconnected{e.Endpoint, p.disconnected(e)}
	case zmq.EVENT_CLOSED:
		if e.Endpoint == "" {
			return nil // of a bind that has failed
		}
		return &Closed{e.Endpoint}
	case zmq.EVENT_CLOSE_FAILED:
		return &CloseFailed{e.Endpoint, errnoOf(e)}
	case zmq.EVENT_HANDSHAKE_SUCCEEDED:
		return b.handshakeSucceeded(e)
	case zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.EVENT_HANDSHAKE_FAILED_AUTH:
		return b.handshakeFailed(e)
	}
	return nil
}

func (b *box) handshakeSucceeded(e zmqthread.Event) any {
	p := &b.peers
	if p.done < len(p.open) {
		p.done++
	} else {
		p.ahead, p.aheadAt = p.ahead+1, time.Now() // its connection is still to be told of
	}
	b.triggers.failed = 0
	s := &HandshakeSucceeded{Endpoint: e.Endpoint}
	if c := p.handshaken(e.Endpoint); c != nil {
		c.done, s.Peer = true, c.peer
	}
	return s
}

func (b *box) handshakeFailed(e zmqthread.Event) any {
	b.meter.failedHandshakes++
	f := &HandshakeFailed{Endpoint: e.Endpoint, Err: handshakeError(e)}
	if c := b.peers.handshaken(e.Endpoint); c != nil {
		f.Peer = c.peer
	}
	b.meter.lastHandshake = f
	if b.peers.made[e.Endpoint] {
		b.countHandshake(f)
	}
	return f
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
		b.watchPeers()
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
		switch {
		case w.n < 0:
			b.write(w.to, n)
		case w.n <= n:
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
