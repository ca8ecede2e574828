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

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/examples/majordomo/broker"
	"github.com/sockeye-mq/sockeye/examples/majordomo/client"
	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
	"github.com/sockeye-mq/sockeye/examples/majordomo/worker"
	"github.com/sockeye-mq/sockeye/messages"
)

// liveness is how many heartbeats may be missing.
const liveness = 3

// run has clients ask, workers crash and hang on the way, and the broker crash once.
func run(ctx context.Context, cfg config, out io.Writer) (err error) {
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	root := system.Root
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	all := []*actor.PID{root.Spawn(broker.Props(broker.Config{Thread: thread, Heartbeat: cfg.heartbeat}))}
	at, err := messages.Call(ctx, root, all[0], broker.Where{})
	s := &storm{config: cfg}
	var counts any
	if err == nil {
		for _, version := range []mdp.Version{mdp.V1, mdp.V2} {
			for range cfg.workers {
				for service, work := range map[string]func([][]byte, func(...[]byte)) [][]byte{"echo": s.echo, "count": s.count} {
					all = append(all, root.Spawn(worker.Props(worker.Config{Thread: thread, Broker: at.(string),
						Service: service, Version: version, Heartbeat: cfg.heartbeat, Work: work,
						Failed: func(error) { s.startedOver.Add(1) }})))
				}
			}
		}
		err = s.askAll(ctx, client.Config{System: system, Thread: thread, Broker: at.(string), Timeout: 12 * liveness * cfg.heartbeat, Retries: 20},
			func() { root.Send(all[0], broker.Crash{Reason: "a bug in the broker"}) })
	}
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err == nil {
		counts, err = messages.Call(last, root, all[0], broker.HowMany{})
	}
	for _, pid := range all {
		err = errors.Join(err, root.StopFuture(pid).Wait())
	}
	if err = errors.Join(err, thread.Shutdown(last)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d requests answered; workers got %d, crashed %d times, hung %d times, and started over for the broker's sake %d times\ncounted: %+v\n",
		2*cfg.requests, s.got.Load(), s.crashes.Load(), s.hangs.Load(), s.startedOver.Load(), counts)
	return err
}

// storm is what happens to workers.
type storm struct {
	config
	got, crashes, hangs, startedOver atomic.Int64
}

func (s *storm) strike() {
	n := int(s.got.Add(1))
	switch {
	case s.crash > 0 && n%s.crash == 0:
		s.crashes.Add(1)
		panic("a bug in the worker")
	case s.hang > 0 && n%s.hang == 0:
		s.hangs.Add(1)
		time.Sleep(2 * liveness * s.heartbeat)
	}
}

// echo is a service with one reply.
func (s *storm) echo(body [][]byte, _ func(...[]byte)) [][]byte {
	s.strike()
	return body
}

// count is a service that says one frame after the other, and then how many they were.
func (s *storm) count(body [][]byte, partial func(...[]byte)) [][]byte {
	s.strike()
	for _, frame := range body {
		partial(frame)
	}
	return [][]byte{fmt.Append(nil, len(body))}
}

// askAll has a client of each version ask all it has to ask, and the broker crash half-way.
func (s *storm) askAll(ctx context.Context, cfg client.Config, crash func()) error {
	caller := client.NewCaller(cfg)
	defer caller.Close()
	streamer, err := client.NewStreamer(cfg)
	if err != nil {
		return err
	}
	defer streamer.Close()
	var asking sync.WaitGroup
	var errs [2]error
	asking.Go(func() {
		for n := 0; n < s.requests && errs[0] == nil; n++ {
			if n == s.requests/2 {
				crash()
			}
			errs[0] = echoed(ctx, caller, fmt.Sprint("request ", n))
		}
	})
	asking.Go(func() {
		for n := 0; n < s.requests && errs[1] == nil; n++ {
			errs[1] = counted(ctx, streamer, fmt.Sprint("request ", n), "and", "more")
		}
	})
	asking.Wait()
	return errors.Join(errs[:]...)
}

// quiet keeps crashes, which are on purpose, out of the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 1}))
}
