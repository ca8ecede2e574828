package main

import (
	"context"
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// inTurn is model one: it asks one server after the other, each for so long, and returns the first reply.
// Servers are Req or Dealer sockets, connected to one REP each.
func inTurn(ctx context.Context, root *actor.RootContext, servers []*actor.PID, each time.Duration, m *messages.Message) (*messages.Message, error) {
	var all error
	for _, pid := range servers {
		try, cancel := context.WithTimeout(ctx, each)
		reply, err := messages.Ask(try, root, pid, m)
		cancel()
		if err == nil {
			return reply, nil
		}
		all = errors.Join(all, err)
	}
	return nil, all
}

// allAtOnce is model two: it asks all servers, returns the first reply, and gives up the others. The number
// in front of a request, which the Guide's servers send back in front of "OK", has no use here: a socket
// knows which reply belongs to which request.
func allAtOnce(ctx context.Context, root *actor.RootContext, servers []*actor.PID, m *messages.Message) (*messages.Message, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		reply *messages.Message
		err   error
	}
	results := make(chan result, len(servers))
	for _, pid := range servers {
		go func() {
			reply, err := messages.Ask(ctx, root, pid, m)
			results <- result{reply, err}
		}()
	}
	var first *messages.Message
	var all error
	for range servers { // until all have ended: those that are cancelled do at once
		r := <-results
		all = errors.Join(all, r.err)
		if first == nil && r.err == nil {
			first = r.reply
			cancel()
		}
	}
	if first != nil {
		return first, nil
	}
	return nil, all
}
