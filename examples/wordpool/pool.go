package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/eventstream"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/supervision"
)

// pool is a DEALER to ask and the workers that answer it. The DEALER binds because it stays; the
// workers connect because they come and go. ZeroMQ gives each request to the next of those that are
// there.
type pool struct {
	system   *actor.ActorSystem
	thread   *zmqthread.Thread
	dealer   *actor.PID
	workers  []*actor.PID
	fuses    []*fuse // of each worker and of each worker's socket
	restarts atomic.Int64
	events   *eventstream.Subscription
}

// startPool returns when all workers are connected.
func startPool(ctx context.Context, workers int) (p *pool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	p = &pool{system: actor.NewActorSystem(actor.WithLoggerFactory(quiet))}
	if p.thread, err = zmqthread.Start(p.system, zmqthread.Config{}); err != nil {
		return nil, err
	}
	p.events = p.system.EventStream.Subscribe(p.onEvent)
	defer func() {
		if err != nil {
			err = errors.Join(err, p.stop())
		}
	}()
	// What fails comes back after 10 ms, 20 ms, 40 ms, …, however often.
	restart := &supervision.Backoff{Min: 10 * time.Millisecond, Max: 200 * time.Millisecond}
	p.dealer = p.system.Root.Spawn(socket.Props(p.thread, socket.Config{
		Type: socket.Dealer, Bind: []string{"tcp://127.0.0.1:*"}}, actor.WithGuardian(restart)))
	at, err := socket.Endpoints(ctx, p.system.Root, p.dealer)
	if err != nil {
		return p, err
	}
	for range workers {
		p.spawn(at, restart)
	}
	return p, socket.WaitPeers(ctx, p.system.Root, p.dealer, workers)
}

// spawn adds a worker. One strategy serves as its guardian and as its socket's supervisor.
func (p *pool) spawn(client []string, restart actor.SupervisorStrategy) {
	mine, sockets := &fuse{}, &fuse{}
	p.fuses = append(p.fuses, mine, sockets)
	p.workers = append(p.workers, p.system.Root.Spawn(actor.PropsFromProducer(
		func() actor.Actor { return &worker{p.thread, client, sockets.faulty()} },
		mine.faulty(), actor.WithGuardian(restart), actor.WithSupervisor(restart))))
}

// onEvent hears of every failure. It runs on the goroutine of whoever failed.
func (p *pool) onEvent(event any) {
	e, ok := event.(*actor.SupervisorEvent)
	if !ok {
		return
	}
	if e.Directive == actor.RestartDirective {
		p.restarts.Add(1)
	}
	if e.Reason != errKilled {
		p.system.Logger().Warn("nobody killed this one", "actor", e.Child.Id, "failure", e.Reason)
	}
}

// quiet keeps Proto.Actor from logging every one of the crashes.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// stop leaves nothing behind: actors, sockets, thread.
func (p *pool) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	p.system.EventStream.Unsubscribe(p.events)
	for _, w := range p.workers {
		p.system.Root.Stop(w)
	}
	return p.thread.Shutdown(ctx)
}
