package main

import (
	"context"
	"time"

	zmq "github.com/pebbe/zmq4"
)

// budget is what one native send, and one native receive, of a message takes: the longest that a
// socket keeps its thread to itself, since one message may always pass. It is measured on bare
// pebbe/zmq4 sockets; both calls copy the message, as Sockeye's do.
type budget struct{ send, receive []time.Duration }

// budgetOf measures n messages. The first is not counted.
func budgetOf(ctx context.Context, size, n int) (b budget, err error) {
	c, err := zmq.NewContext()
	if err != nil {
		return b, err
	}
	defer c.Term()
	pull, err := c.NewSocket(zmq.PULL)
	if err != nil {
		return b, err
	}
	defer pull.Close()
	push, err := c.NewSocket(zmq.PUSH)
	if err != nil {
		return b, err
	}
	defer push.Close()
	if err := pull.Bind("tcp://127.0.0.1:*"); err != nil {
		return b, err
	}
	at, err := pull.GetLastEndpoint()
	if err != nil {
		return b, err
	}
	if err := push.Connect(at); err != nil {
		return b, err
	}
	message := make([]byte, size)
	for i := range n + 1 {
		sent, received, err := pass(ctx, push, pull, message)
		if err != nil {
			return b, err
		}
		if i > 0 {
			b.send, b.receive = append(b.send, sent), append(b.receive, received)
		}
	}
	return b, nil
}

// pass sends one message, waits until all of it is there, and receives it.
func pass(ctx context.Context, push, pull *zmq.Socket, message []byte) (sent, received time.Duration, err error) {
	begin := time.Now()
	if _, err := push.SendBytes(message, zmq.DONTWAIT); err != nil {
		return 0, 0, err
	}
	sent = time.Since(begin)
	poller := zmq.NewPoller()
	poller.Add(pull, zmq.POLLIN)
	for {
		ready, err := poller.Poll(100 * time.Millisecond)
		if err != nil {
			return 0, 0, err
		}
		if len(ready) > 0 {
			break
		}
		if ctx.Err() != nil {
			return 0, 0, ctx.Err()
		}
	}
	begin = time.Now()
	_, err = pull.RecvBytes(zmq.DONTWAIT)
	return sent, time.Since(begin), err
}
