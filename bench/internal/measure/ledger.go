package measure

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
)

// Balanced returns the ledger of a socket, and an error if it does not add up.
func Balanced(ctx context.Context, root *actor.RootContext, pid *actor.PID) (socket.Ledger, error) {
	l, err := socket.Counts(ctx, root, pid)
	if err != nil {
		return l, err
	}
	out := l.Taken + sum(l.Discarded) + l.DeadLettered + l.Queued
	in := l.Delivered + l.Held + sum(l.Dropped) + l.Undelivered
	if out != l.Accepted || in != l.Received {
		return l, fmt.Errorf("the ledger of %s does not add up: %+v", pid.Id, l)
	}
	return l, nil
}

func sum(counts map[string]uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}
