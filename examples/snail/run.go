package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// run has a publisher publish every millisecond, and a snail that takes three for each message until it has
// failed twice. Then it is well for a while, and then slow for good.
func run(ctx context.Context, out io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	root := system.Root
	gone := make(chan error, 1)
	var slow atomic.Bool
	slow.Store(true)
	s := &snail{thread: thread, unit: time.Millisecond, retries: 3, gone: gone, pace: pace{most: 500 * time.Millisecond},
		work: func(*messages.Message) {
			if slow.Load() {
				time.Sleep(3 * time.Millisecond)
			}
		}}
	// It drops for who is slow. What Sockeye does by default, to wait for them, is for those who lose nothing.
	pub := root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pub, Bind: []string{"tcp://127.0.0.1:*"},
		Options: socket.Options{DropSlow: true}}))
	publishing, stop := context.WithCancel(ctx)
	var publisher sync.WaitGroup
	publisher.Go(func() { publish(publishing, root, pub) })
	if s.at, err = socket.Endpoints(ctx, root, pub); err == nil {
		if err = s.spawn(system, "snail"); err == nil {
			err = show(ctx, root, s, &slow, gone, out)
		}
	}
	stop()
	publisher.Wait()
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err = errors.Join(err, thread.Shutdown(last)); s.parent != nil {
		err = errors.Join(err, root.StopFuture(s.parent).Wait())
	}
	return err
}

func show(ctx context.Context, root *actor.RootContext, s *snail, slow *atomic.Bool, gone <-chan error, out io.Writer) error {
	if _, err := s.until(ctx, root, func(n counts) bool { return n.late >= 2 }); err != nil {
		return err
	}
	fmt.Fprintln(out, "slow: it has failed twice, and has begun anew")
	slow.Store(false)
	before, err := s.until(ctx, root, func(counts) bool { return true })
	if err != nil {
		return err
	}
	if _, err := s.until(ctx, root, func(n counts) bool { return n.worked >= before.worked+300 }); err != nil {
		return err
	}
	fmt.Fprintln(out, "well: it works on what is fresh")
	slow.Store(true)
	select {
	case err := <-gone:
		late := new(LateError)
		fmt.Fprintln(out, "slow again: it is stopped, for it is too late:", errors.As(err, &late))
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// until returns the snail's counts when they are so.
func (s *snail) until(ctx context.Context, root *actor.RootContext, so func(counts) bool) (counts, error) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		n, err := messages.Call(ctx, root, s.self, howMany{})
		if err != nil || so(n.(counts)) {
			got, _ := n.(counts)
			return got, err
		}
		<-tick.C
	}
}

// publish publishes the time every millisecond until ctx ends.
func publish(ctx context.Context, root *actor.RootContext, pub *actor.PID) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		root.Send(pub, messages.Bytes(stamp(time.Now(), time.Millisecond)))
		<-tick.C
	}
}

// quiet keeps the failures, which are on purpose, out of the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
