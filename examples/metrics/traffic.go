package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// traffic is what there is to measure. It returns when ctx has ended.
func traffic(ctx context.Context, thread *zmqthread.Thread) error {
	root := thread.System().Root
	var going sync.WaitGroup
	defer going.Wait()
	begin := func(what func(context.Context, *actor.RootContext, *zmqthread.Thread, *sync.WaitGroup) error) error {
		return what(ctx, root, thread, &going)
	}
	if err := errors.Join(begin(stream), begin(requests), begin(stranger)); err != nil && ctx.Err() == nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// stream is 10,000 messages a second, whose receiver is away for 100 ms after every 5,000. Meanwhile the window fills, then
// ZeroMQ's queues, then the outbox, and then messages are dropped. And every second the PUSH fails.
func stream(ctx context.Context, root *actor.RootContext, thread *zmqthread.Thread, going *sync.WaitGroup) error {
	received := 0
	receiver := root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*messages.Message); ok {
			if received++; received%5_000 == 0 {
				time.Sleep(100 * time.Millisecond)
			}
		}
	}))
	pull := root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(receiver),
		Window: 128, Options: socket.Options{RecvHWM: 64}}, restart()))
	at, err := socket.Endpoints(ctx, root, pull)
	if err != nil {
		return err
	}
	push := root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: at,
		Outbox: socket.Limit{Messages: 256}, Overflow: socket.DropNewest, Options: socket.Options{SendHWM: 64, SendBuffer: 16 << 10}}, restart()))
	body := messages.Bytes(make([]byte, 512))
	every(ctx, going, 5*time.Millisecond, func() {
		for range 50 {
			root.Send(push, body)
		}
	})
	every(ctx, going, time.Second, func() { root.Send(push, &socket.Fail{Err: errors.New("a failure to be counted")}) })
	return nil
}

// requests is four clients that ask as fast as they get answers. One request in a hundred gets none.
func requests(ctx context.Context, root *actor.RootContext, thread *zmqthread.Thread, going *sync.WaitGroup) error {
	asked := 0
	desk := root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			if asked++; asked%100 != 0 {
				c.Respond(m)
			}
		}
	}))
	rep := root.Spawn(socket.Props(thread, socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(desk)}, restart()))
	at, err := socket.Endpoints(ctx, root, rep)
	if err != nil {
		return err
	}
	dealer := root.Spawn(socket.Props(thread, socket.Config{Type: socket.Dealer, Connect: at}, restart()))
	for range 4 {
		every(ctx, going, 5*time.Millisecond, func() {
			patience, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
			defer cancel()
			messages.Ask(patience, root, dealer, messages.Text("?")) // how it ends is what is measured
		})
	}
	return nil
}

// stranger is a client that knows no password, at a server that wants one. ZeroMQ does not knock twice; the
// client does, every second.
func stranger(ctx context.Context, root *actor.RootContext, thread *zmqthread.Thread, going *sync.WaitGroup) error {
	server := root.Spawn(socket.Props(thread, socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"},
		Options: socket.Options{PlainServer: true}}, restart()))
	at, err := socket.Endpoints(ctx, root, server)
	if err != nil {
		return err
	}
	client := root.Spawn(socket.Props(thread, socket.Config{Type: socket.Dealer, Connect: at}, restart()))
	every(ctx, going, time.Second, func() { root.Send(client, &socket.Fail{Err: errors.New("refused")}) })
	return nil
}

// every does something again and again until ctx ends.
func every(ctx context.Context, going *sync.WaitGroup, pause time.Duration, do func()) {
	going.Go(func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				do()
			case <-ctx.Done():
				return
			}
		}
	})
}

func restart() actor.PropsOption {
	return actor.WithGuardian(&supervision.Backoff{Min: 10 * time.Millisecond, Max: 100 * time.Millisecond})
}
