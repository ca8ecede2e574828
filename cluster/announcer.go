package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/cluster/internal/registry"
)

// errSocketStopped is why a name is given up whose socket has stopped.
var errSocketStopped = errors.New("its socket has stopped")

// announcer is the resolver of a socket that is owned: its own name stands in the directory while, and only
// while, it is owned with that token.
type announcer struct {
	socket.Resolver
	keeping *keeping
	claim   *registry.Claim
	token   int64
}

// Advertise implements socket.Resolver.
func (a announcer) Advertise(name string, at socket.Target) (withdraw func()) {
	if name != a.keeping.name {
		return a.Resolver.Advertise(name, at)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.keeping.next(func() { a.announce(ctx, at) })
	return func() {
		cancel()
		a.keeping.next(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			a.claim.Withdraw(ctx)
		})
	}
}

// next has something done in the directory behind what was to be done before. There is one announcement, and
// perhaps its withdrawal, for each time that the socket opens.
func (k *keeping) next(do func()) {
	k.mu.Lock()
	before, done := k.last, make(chan struct{})
	k.last = done
	k.mu.Unlock()
	go func() {
		defer close(done)
		if before != nil {
			<-before
		}
		do()
	}()
}

// announce tries until the record stands, the socket is gone, or the name is lost.
func (a announcer) announce(ctx context.Context, at socket.Target) {
	for a.claim.Token() == a.token {
		once, cancel := context.WithTimeout(ctx, a.keeping.cluster.cfg.TTL)
		record := recordOf(at)
		record.Owned = true
		err := a.claim.Announce(once, record)
		cancel()
		if notOwner := new(registry.NotOwnerError); err == nil || errors.As(err, &notOwner) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}
