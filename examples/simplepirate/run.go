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
	"github.com/sockeye-mq/sockeye/supervision"
)

// enough is for what takes no time when all is well.
const enough = 10 * time.Second

// run has clients ask, workers crash on the way, and the queue once.
func run(ctx context.Context, cfg config, out io.Writer) (err error) {
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	root := system.Root
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	up, wild := make(chan struct{}), []string{"tcp://127.0.0.1:*"}
	q := &queue{thread: thread, at: [2][]string{wild, wild}, up: up}
	all := []*actor.PID{root.Spawn(q.props())}
	var got, crashes atomic.Int64
	if err = wait(ctx, up); err == nil {
		again := &supervision.Backoff{Min: 10 * time.Millisecond, Max: 200 * time.Millisecond}
		w := &worker{thread: thread, queue: q.at[1], work: func(body [][]byte) [][]byte {
			if n := got.Add(1); cfg.crash > 0 && n%int64(cfg.crash) == 0 {
				crashes.Add(1)
				panic("a bug in the worker")
			}
			return body
		}}
		for range cfg.workers {
			all = append(all, root.Spawn(w.props(again)))
		}
		err = askAll(ctx, cfg, root, thread, q.at[0], func() { root.Send(all[0], boom{}) })
	}
	last, cancel := context.WithTimeout(context.Background(), enough)
	defer cancel()
	for _, pid := range all {
		err = errors.Join(err, root.StopFuture(pid).Wait())
	}
	if err = errors.Join(err, thread.Shutdown(last)); err != nil {
		return err
	}
	n := cfg.clients * cfg.requests
	_, err = fmt.Fprintf(out, "%d requests, %d answered; workers got %d and crashed %d times, the queue once; counted: %+v\n",
		n, n, got.Load(), crashes.Load(), q.counts)
	return err
}

// wait waits until up is closed.
func wait(ctx context.Context, up <-chan struct{}) error {
	select {
	case <-up:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// askAll has every client ask all it has to ask, and the queue crash half-way through the first's.
func askAll(ctx context.Context, cfg config, root *actor.RootContext, thread *zmqthread.Thread, at []string, crash func()) error {
	errs := make([]error, cfg.clients)
	var asking sync.WaitGroup
	for i := range cfg.clients {
		asking.Go(func() {
			req := root.Spawn(client(thread, at, cfg.patience))
			for n := 0; n < cfg.requests && errs[i] == nil; n++ {
				if i == 0 && n == cfg.requests/2 {
					crash()
				}
				errs[i] = ask(ctx, root, req, fmt.Sprintf("request %d of client %d", n, i))
			}
		})
	}
	asking.Wait()
	return errors.Join(errs...)
}

// client is a lazy pirate: a REQ that asks again, on a new native socket. See examples/lazypirate.
func client(thread *zmqthread.Thread, at []string, patience time.Duration) *actor.Props {
	return socket.Props(thread, socket.Config{Type: socket.Req, Connect: at, ReplyTimeout: patience, Retries: 50,
		Options: socket.Options{ReconnectInterval: 20 * time.Millisecond}},
		actor.WithGuardian(&supervision.Backoff{Min: 10 * time.Millisecond, Max: 50 * time.Millisecond}))
}

// ask gets its own words back.
func ask(ctx context.Context, root *actor.RootContext, req *actor.PID, text string) error {
	reply, err := messages.Ask(ctx, root, req, messages.Text(text))
	if err == nil && reply.Text() != text {
		err = fmt.Errorf("the reply to %q is %q", text, reply.Text())
	}
	return err
}

// quiet keeps crashes, which are on purpose, out of the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 1}))
}
