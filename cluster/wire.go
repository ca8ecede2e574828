package cluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/cluster/internal/registry"
	"github.com/sockeye-mq/sockeye/cluster/internal/wire"
)

// Wire says how Proto.Actor messages travel between members: over Sockeye's own sockets, on a ZeroMQ thread of
// their own. Send, Request, Respond, Watch, Stop, Poison and Touch work on the PIDs of other members as on one's
// own, so a socket of another member is sent to, asked and delivered to like any other, with its flow control and
// its typed errors. It stands in for Proto.Actor's Remote, or beside it.
//
// In a session between two members every message arrives once and in order. When a member has been silent for two
// heartbeats, or was started anew, the session is over: watchers get actor.Terminated, requests fail at once, and
// the event stream gets a *PeerDown, later a *PeerUp. Members trust one another: any of them may send anything to
// any actor, and stop it. Whoever is no member cannot connect, if there are Keys.
type Wire struct {
	// Bind is the endpoint. Default "tcp://<Host>:*".
	Bind string

	// Keys are this member's CURVE keys. The public one stands in the directory, and members admit those who
	// stand there: who may write to the directory is a member. Without Keys all is plaintext, which is refused
	// anywhere but on loopback.
	Keys *curve.KeyPair

	// Insecure allows plaintext everywhere: whoever reaches the endpoint can stop every actor then.
	Insecure bool

	// Heartbeat is half of how long a member may be silent before it counts as dead; the same for all members.
	// Default 500 ms.
	Heartbeat time.Duration

	// Queue bounds what may wait for one member; what finds it full is a dead letter. Defaults 4,096 messages and
	// 16 MiB.
	Queue socket.Limit

	// MaxMessage is the size of the largest message taken from a member, in bytes of protobuf. Default 4 MiB, at
	// most 1 GiB.
	MaxMessage int64
}

// PeerUp and PeerDown are what the system's event stream is told of other members; WireCounts is what has become of
// every message, by member.
type (
	PeerUp     = wire.PeerUp
	PeerDown   = wire.PeerDown
	WireCounts = wire.Counts
)

// WireCounts says what has become of every message that went over the wire.
func (c *Cluster) WireCounts() WireCounts {
	if c.wire == nil {
		return WireCounts{}
	}
	return c.wire.Counts()
}

// startWire starts the wire before there is a membership, which is to say where it is.
func (c *Cluster) startWire(info *registry.Info) error {
	w := c.cfg.Wire
	bind := w.Bind
	if bind == "" {
		bind = c.cfg.address()
	}
	cfg := wire.Config{Bind: bind, Keys: w.Keys, Insecure: w.Insecure, Heartbeat: w.Heartbeat, Queue: w.Queue,
		MaxMessage: w.MaxMessage, Lookup: c.book.lookup}
	if w.Keys != nil {
		cfg.Admit = c.book.admit
		info.ServerKey = w.Keys.Public
	}
	var err error
	if c.wire, err = wire.Start(c.system, cfg); err != nil {
		return fmt.Errorf("wire: %w", err)
	}
	info.Wire, info.Address = c.wire.Endpoint(), c.wire.Address()
	return nil
}

func (c *Cluster) stopWire(ctx context.Context) error {
	if c.wire == nil {
		return nil
	}
	return c.wire.Shutdown(ctx)
}

// book is who the members are, as far as it is known.
type book struct {
	mu      sync.Mutex
	peers   map[string]wire.Peer // guarded by mu: by address in PIDs
	keys    map[string]bool      // guarded by mu: of CURVE
	changed chan struct{}        // guarded by mu: closed with the next change
}

func (b *book) follow(members []registry.Member) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.peers, b.keys = map[string]wire.Peer{}, map[string]bool{}
	for _, m := range members {
		if m.Wire != "" && m.Address != "" {
			b.peers[m.Address] = wire.Peer{Endpoint: m.Wire, ServerKey: m.ServerKey}
			b.keys[m.ServerKey] = true
		}
	}
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

func (b *book) lookup(address string) (wire.Peer, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.peers[address]
	return p, ok
}

// admitPatience is how long somebody may be new to us: the directory has told it of us before us of it.
const admitPatience = time.Second

func (b *book) admit(key string) bool {
	for end := time.After(admitPatience); ; {
		b.mu.Lock()
		known := key != "" && b.keys[key]
		if b.changed == nil {
			b.changed = make(chan struct{})
		}
		changed := b.changed
		b.mu.Unlock()
		if known {
			return true
		}
		select {
		case <-changed:
		case <-end:
			return false
		}
	}
}
