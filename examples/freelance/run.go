package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// run asks three servers, of which one after the other dies.
func run(ctx context.Context, out io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "freelance")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	root := system.Root
	var names []string
	for _, name := range []string{"a", "b", "c"} {
		names = append(names, "ipc://"+filepath.Join(dir, name))
	}
	start := func(i int) *actor.PID {
		return root.Spawn(newServer(thread, names[i], names[i], func(body [][]byte) [][]byte {
			return [][]byte{fmt.Appendf(nil, "%s, says %s", body[0], filepath.Base(names[i]))}
		}))
	}
	pids := []*actor.PID{start(0), start(1), start(2)}
	k := newClient(thread, patience{ping: 100 * time.Millisecond, silent: 300 * time.Millisecond,
		try: 200 * time.Millisecond, expire: 3 * time.Second}, names...)
	if err = k.spawn(system, "freelance"); err == nil {
		err = show(ctx, root, k, pids, start, out)
	}
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = errors.Join(err, thread.Shutdown(last))
	for _, pid := range append(pids, k.parent) {
		if pid != nil {
			err = errors.Join(err, root.StopFuture(pid).Wait())
		}
	}
	return err
}

// show has the servers die one by one, and the last one come back.
func show(ctx context.Context, root *actor.RootContext, k *client, servers []*actor.PID, start func(int) *actor.PID, out io.Writer) error {
	for i := range servers {
		for n := range 100 {
			question := fmt.Sprintf("question %d", n)
			reply, err := messages.Ask(ctx, root, k.self, messages.Text(question))
			if err != nil {
				return fmt.Errorf("%d servers: %w", len(servers)-i, err)
			}
			if text := reply.Text(); text[:len(question)] != question {
				return fmt.Errorf("the answer to %q is %q", question, text)
			}
		}
		fmt.Fprintf(out, "servers %d: 100 requests, 100 answers\n", len(servers)-i)
		if err := root.StopFuture(servers[i]).Wait(); err != nil {
			return err
		}
		servers[i] = nil
	}
	_, err := messages.Ask(ctx, root, k.self, messages.Text("is anybody there?"))
	if !errors.Is(err, messages.ErrTimedOut) {
		return fmt.Errorf("no servers, but %w", err)
	}
	fmt.Fprintln(out, "servers 0:", messages.ErrTimedOut)
	servers[1] = start(1)
	reply, err := messages.Ask(ctx, root, k.self, messages.Text("is anybody there?"))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "servers 1:", reply.Text())
	return err
}

// quiet keeps what is on purpose out of the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
