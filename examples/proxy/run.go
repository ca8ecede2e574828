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

// run shows a proxy between a client and a worker: with a watcher that never reads, paused, and with its
// backend lost.
func run(ctx context.Context, out io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	root := system.Root
	work := root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text("done", m.Text()))
		}
	}))
	p := &proxy{thread: thread,
		front:   socket.Config{Type: socket.Router, Bind: wild},
		back:    socket.Config{Type: socket.Dealer, Bind: wild},
		capture: socket.Config{Type: socket.Push, Bind: wild, Outbox: socket.Limit{Messages: 100}}}
	defer func() {
		last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = errors.Join(err, thread.Shutdown(last), root.StopFuture(work).Wait())
		if p.parent != nil {
			err = errors.Join(err, root.StopFuture(p.parent).Wait())
		}
	}()
	if err := p.spawn(system, "proxy"); err != nil {
		return err
	}
	front, err := socket.Endpoints(ctx, root, p.frontend)
	if err != nil {
		return err
	}
	back, err := socket.Endpoints(ctx, root, p.backend)
	if err != nil {
		return err
	}
	fast := socket.Options{ReconnectInterval: 20 * time.Millisecond}
	root.Spawn(socket.Props(thread, socket.Config{Type: socket.Rep, Connect: back, Deliver: socket.To(work), Options: fast}))
	client := root.Spawn(socket.Props(thread, socket.Config{Type: socket.Req, Connect: front, Options: fast,
		ReplyTimeout: 300 * time.Millisecond, Retries: 20}))
	return show(ctx, root, p, client, out)
}

func show(ctx context.Context, root *actor.RootContext, p *proxy, client *actor.PID, out io.Writer) error {
	ask := func(text string) error {
		reply, err := messages.Ask(ctx, root, client, messages.Text(text))
		if err == nil && reply.Text() != "done "+text {
			err = fmt.Errorf("the reply to %q is %q", text, reply.Text())
		}
		return err
	}
	for n := range 200 {
		if err := ask(fmt.Sprint("request ", n)); err != nil {
			return err
		}
	}
	seen, err := socket.Counts(ctx, root, p.watcher)
	if err != nil {
		return err
	}
	if dropped := seen.Discarded["overflow"]; dropped < 300 || seen.Queued+dropped != seen.Accepted {
		return fmt.Errorf("not all copies are accounted for: %+v", seen)
	}
	fmt.Fprintf(out, "200 requests answered; of the copies, which nobody reads, %d wait, and the rest are dropped and counted\n", seen.Queued)

	if err := p.pause(ctx, root); err != nil {
		return err
	}
	answered := make(chan error, 1)
	go func() { answered <- ask("in a pause") }()
	select {
	case err := <-answered:
		return fmt.Errorf("answered in a pause: %v", err)
	case <-time.After(100 * time.Millisecond):
		fmt.Fprintln(out, "paused: no answer")
	}
	if err := p.resume(ctx, root); err != nil {
		return err
	}
	if err := <-answered; err != nil {
		return err
	}
	fmt.Fprintln(out, "resumed: answered")

	if _, err := messages.Call(ctx, root, p.backend, &socket.Fail{Err: errors.New("on purpose")}); err != nil {
		return err
	}
	if err := ask("after a failure"); err != nil {
		return err
	}
	fmt.Fprintln(out, "the backend was lost: answered")
	return nil
}

// quiet keeps the failure, which is on purpose, out of the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
