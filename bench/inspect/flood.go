package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/bench/internal/measure"
	"github.com/sockeye-mq/sockeye/messages"
)

const (
	batch   = 256 // messages that a sender puts at once
	senders = 4   // so that the next batch is there when ZeroMQ has taken one
)

// flood is PUSH to PULL on one thread, as fast as they can.
type flood struct {
	root       *actor.RootContext
	push, pull *actor.PID
	received   atomic.Uint64
	sent       atomic.Uint64

	quiet   context.CancelFunc
	sending sync.WaitGroup
	failed  chan error
}

func startFlood(ctx context.Context, thread *zmqthread.Thread, cfg config) (*flood, error) {
	f := &flood{root: thread.System().Root, failed: make(chan error, senders)}
	sink := f.root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if b, ok := c.Message().(*messages.Batch); ok {
			f.received.Add(uint64(b.Count))
			b.Release()
		}
	}))
	at := fmt.Sprintf("inproc://flood-%d", time.Now().UnixNano())
	if cfg.transport != "inproc" {
		at = cfg.transport + "://127.0.0.1:*"
	}
	f.pull = f.root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pull, Bind: []string{at}, Deliver: socket.To(sink), Batch: 1024}))
	bound, err := socket.Endpoints(ctx, f.root, f.pull)
	if err != nil {
		return nil, err
	}
	f.push = f.root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: bound}))
	ctx, f.quiet = context.WithCancel(ctx)
	for range senders {
		f.sending.Go(func() { f.send(ctx, make([]byte, cfg.size)) })
	}
	return f, nil
}

func (f *flood) send(ctx context.Context, body []byte) {
	for ctx.Err() == nil {
		b := messages.NewBatch()
		for range batch {
			b.Append(body)
		}
		if err := messages.Put(context.Background(), f.root, f.push, b); err != nil {
			f.failed <- err
			return
		}
		b.Release()
		f.sent.Add(batch)
	}
}

// pace is how many messages a second arrive, and the processor time that the process takes for each, in ns.
type pace struct{ rate, cost float64 }

func (f *flood) pace(d time.Duration) pace {
	began, busy, before := time.Now(), processor(), f.received.Load()
	time.Sleep(d)
	n := float64(f.received.Load() - before)
	return pace{n / time.Since(began).Seconds(), float64(processor()-busy) / n}
}

// processor is the processor time that this process has had, in its own code and in the system's.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// stop ends the flood. All that was sent must have come.
func (f *flood) stop(ctx context.Context) error {
	f.quiet()
	f.sending.Wait()
	for f.received.Load() < f.sent.Load() {
		select {
		case <-time.After(time.Millisecond):
		case err := <-f.failed:
			return err
		case <-ctx.Done():
			return fmt.Errorf("%d messages sent and %d received: %w", f.sent.Load(), f.received.Load(), ctx.Err())
		}
	}
	_, err := measure.Balanced(ctx, f.root, f.push)
	_, err2 := measure.Balanced(ctx, f.root, f.pull)
	return errors.Join(err, err2, f.root.StopFuture(f.push).Wait(), f.root.StopFuture(f.pull).Wait())
}

// addIdle opens sockets to which nothing happens.
func addIdle(ctx context.Context, thread *zmqthread.Thread, n int) error {
	root := thread.System().Root
	sink := root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
	var all []*actor.PID
	for i := range n {
		all = append(all, root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pull, Deliver: socket.To(sink), Bind: []string{fmt.Sprintf("inproc://idle-%d", i)}})))
	}
	for _, pid := range all {
		if _, err := socket.Endpoints(ctx, root, pid); err != nil {
			return err
		}
	}
	return nil
}
