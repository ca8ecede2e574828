package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

var wild = []string{"tcp://127.0.0.1:*"}

// run publishes a thousand topics, once each; then the publisher goes, and then there are subscribers.
func run(ctx context.Context, out io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	s := &show{root: system.Root, thread: thread, out: out, got: make(chan string, 100)}
	s.cache = &cache{thread: thread, in: wild, out: wild, values: newValues(limit{10_000, 1 << 20})}
	s.prints = s.root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			s.got <- m.Text()
		}
	}))
	if err = s.cache.spawn(system, "lvcache"); err == nil {
		err = s.play(ctx)
	}
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = errors.Join(err, thread.Shutdown(last), s.root.StopFuture(s.prints).Wait())
	if s.cache.parent != nil {
		err = errors.Join(err, s.root.StopFuture(s.cache.parent).Wait())
	}
	return err
}

type show struct {
	root   *actor.RootContext
	thread *zmqthread.Thread
	out    io.Writer
	cache  *cache
	prints *actor.PID
	got    chan string
}

func (s *show) play(ctx context.Context) error {
	in, out, err := s.cache.ends(ctx, s.root)
	if err != nil {
		return err
	}
	pub := s.root.Spawn(socket.Props(s.thread, socket.Config{Type: socket.Pub, Connect: in}))
	if err := socket.WaitPeers(ctx, s.root, pub, 1); err != nil {
		return err
	}
	for n := range 1000 {
		if err := messages.Put(ctx, s.root, pub, messages.Text(fmt.Sprintf("%03d", n), fmt.Sprint("value ", n*n))); err != nil {
			return err
		}
	}
	if err := s.root.PoisonFuture(pub).Wait(); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(s.out, "the publisher has published 1000 topics, and is gone"); err != nil {
		return err
	}
	if err := s.updated(ctx, 1000); err != nil {
		return err
	}
	s.root.Spawn(socket.Props(s.thread, socket.Config{Type: socket.Sub, Connect: out, Subscribe: []string{"042", "99"}, Deliver: socket.To(s.prints),
		Options: socket.Options{ReconnectInterval: 20 * time.Millisecond}}))
	if err := s.hear(ctx, 11); err != nil {
		return err
	}
	if _, err := messages.Call(ctx, s.root, s.cache.xpub, &socket.Fail{Err: errors.New("on purpose")}); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "the cache's XPUB is lost; when it is back:")
	return s.hear(ctx, 11)
}

// hear prints what the subscriber gets.
func (s *show) hear(ctx context.Context, n int) error {
	for range n {
		select {
		case text := <-s.got:
			fmt.Fprintln(s.out, "  ", text)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// updated returns when the cache has got n updates, of which nothing tells.
func (s *show) updated(ctx context.Context, n int) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		done, err := messages.Call(ctx, s.root, s.cache.self, howMany{})
		if err != nil || done.(counts).updates >= n {
			return err
		}
		<-tick.C
	}
}

// ends says where publishers and subscribers connect.
func (k *cache) ends(ctx context.Context, root *actor.RootContext) (in, out []string, err error) {
	if in, err = socket.Endpoints(ctx, root, k.sub); err != nil {
		return nil, nil, err
	}
	out, err = socket.Endpoints(ctx, root, k.xpub)
	return in, out, err
}

// quiet keeps the failure, which is on purpose, out of the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
