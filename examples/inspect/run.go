package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/inspect"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

const patience = 10 * time.Second // for what takes no time when all is well

// world is what the page shows.
type world struct {
	config
	system      *actor.ActorSystem
	front, back *zmqthread.Thread // share a ZeroMQ context
	parents     []*actor.PID
	sinks       []*actor.PID

	shop, market, mill, lab *actor.PID
}

// run shows the page until ctx ends, or for as long as cfg says.
func run(ctx context.Context, cfg config, out io.Writer) (err error) {
	if cfg.span > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, cfg.span)
		defer cancel()
	}
	w := &world{config: cfg, system: actor.NewActorSystem(actor.WithLoggerFactory(quiet))}
	defer func() { err = errors.Join(err, w.stop()) }()
	if err := w.start(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.addr)
	if err != nil {
		return err
	}
	page := inspect.New(w.system, inspect.Config{Actions: true})
	server := &http.Server{Handler: page, ReadHeaderTimeout: patience}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	url := "http://" + listener.Addr().String() + "/"
	if _, err = fmt.Fprintf(out, "%s shows %d sockets and more; interrupt ends it\n", url, w.count()); err == nil {
		if cfg.open != nil {
			cfg.open(url)
		}
		w.live(ctx)
	}
	page.Close() // and with it the streams, for which Shutdown would wait
	end, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = errors.Join(err, server.Shutdown(end))
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

func (w *world) start() (err error) {
	if w.front, err = zmqthread.Start(w.system, zmqthread.Config{Name: "front"}); err != nil {
		return err
	}
	if w.back, err = zmqthread.Start(w.system, zmqthread.Config{Name: "back", Share: w.front}); err != nil {
		return err
	}
	return w.people()
}

// live has traffic and trouble until ctx ends.
func (w *world) live(ctx context.Context) {
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() { w.ask(ctx, n) })
	}
	for _, f := range []func(context.Context){w.publish, w.grind, w.feed, w.trouble} {
		all.Go(func() { f(ctx) })
	}
	all.Wait()
}

// stop leaves nothing behind.
func (w *world) stop() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, pid := range w.parents {
		err = errors.Join(err, w.system.Root.StopFuture(pid).Wait())
	}
	for _, t := range []*zmqthread.Thread{w.back, w.front} {
		if t != nil {
			err = errors.Join(err, t.Shutdown(ctx))
		}
	}
	for _, pid := range w.sinks {
		err = errors.Join(err, w.system.Root.StopFuture(pid).Wait())
	}
	return err
}

// pause waits, and reports whether ctx has not ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// quiet keeps from the log what the page shows.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 4}))
}
