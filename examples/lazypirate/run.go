package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// enough is for what takes no time when all is well.
const enough = 10 * time.Second

// run starts teller, server and client, and has the client ask.
func run(ctx context.Context, cfg config, out io.Writer) (err error) {
	if _, err := fmt.Fprintf(out, "%d requests, seed %d\n", cfg.requests, cfg.seed); err != nil {
		return err
	}
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	t := &teller{out: out, began: time.Now()}
	tells := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return t }))

	// Each try is a failure: Retries of the supervisor, which it has none of, would have to be more.
	restart := &supervision.Backoff{Min: 10 * time.Millisecond, Max: 50 * time.Millisecond}
	up := make(chan error, 1)
	s := &server{thread: thread, teller: tells, moods: moods(cfg.seed, cfg.requests), late: cfg.patience * 3 / 2, up: up}
	serves := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return s }, actor.WithSupervisor(restart)))

	var answered int
	if err = <-up; err == nil {
		req := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Req, Connect: s.at, Events: tells,
			ReplyTimeout: cfg.patience, Retries: cfg.retries,
			Options: socket.Options{ReconnectInterval: 20 * time.Millisecond}}, actor.WithGuardian(restart)))
		answered, err = ask(ctx, system.Root, cfg.requests, req, serves, tells)
	}

	// The teller goes last, when it has printed everything.
	last, cancel := context.WithTimeout(context.Background(), enough)
	defer cancel()
	err = errors.Join(err, system.Root.StopFuture(serves).Wait(), thread.Shutdown(last), system.Root.PoisonFuture(tells).Wait(), t.err)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d requests, %d answered, %d given up, %d retries\n", cfg.requests, answered, cfg.requests-answered, t.retries)
	return err
}

// ask is the client. Of crashes and retries it knows nothing: it asks, and gets a reply or
// messages.ErrTimedOut.
func ask(ctx context.Context, root *actor.RootContext, requests int, req, server, teller *actor.PID) (answered int, err error) {
	say := func(what string, n int, args ...any) {
		root.Send(teller, line{"client", fmt.Sprintf(what, append([]any{n}, args...)...)})
	}
	for n := range requests {
		say("asks %d", n)
		reply, err := messages.Ask(ctx, root, req, messages.Text(strconv.Itoa(n)))
		switch {
		case errors.Is(err, messages.ErrTimedOut):
			say("gives up %d: %v", n, err)
			root.Send(server, back{}) // had it come back by itself, a slow computer might have found it in time
		case err != nil:
			return answered, err
		default:
			say("gets a reply to %d: %s", n, reply.Text())
			answered++
		}
	}
	return answered, nil
}

// quiet keeps from the log what is printed anyway.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
