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

const beat = 150 * time.Millisecond

var most = limit{keys: 100_000, bytes: 64 << 20}

// run has two clients set and see values while the servers die in turn.
func run(ctx context.Context, out io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "clone")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	s := &show{root: system.Root, system: system, thread: thread, out: out, parents: map[string]*actor.PID{}}
	for _, name := range []string{"primary", "backup"} {
		s.sites = append(s.sites, ipcSite(filepath.Join(dir, name)))
	}
	err = s.play(ctx)
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = errors.Join(err, thread.Shutdown(last))
	for _, pid := range s.parents {
		err = errors.Join(err, system.Root.StopFuture(pid).Wait())
	}
	return err
}

type show struct {
	root    *actor.RootContext
	system  *actor.ActorSystem
	thread  *zmqthread.Thread
	out     io.Writer
	sites   []site
	parents map[string]*actor.PID // of whoever lives
}

func (s *show) play(ctx context.Context) error {
	if err := errors.Join(s.server("primary"), s.server("backup")); err != nil {
		return err
	}
	writer, err := s.client("writer", "")
	if err != nil {
		return err
	}
	for i, act := range []struct {
		what string
		do   func() error
	}{
		{"both servers are there", func() error { return nil }},
		{"the primary dies", func() error { return s.end("primary") }},
		{"the primary comes back", func() error { return s.server("primary") }},
	} {
		if err := act.do(); err != nil {
			return err
		}
		for n := range 100 {
			if _, err := messages.Call(ctx, s.root, writer, set{key: fmt.Sprintf("/%d/%d", i, n), value: fmt.Sprint(n)}); err != nil {
				return fmt.Errorf("%s: %w", act.what, err)
			}
		}
		fmt.Fprintf(s.out, "%s: 100 values are set\n", act.what)
	}
	reader, err := s.client("reader", "/1/")
	if err != nil {
		return err
	}
	for i, n := range []int{100, 101, 100} {
		if err := s.sees(ctx, reader, n); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "a client of the subtree /1/ sees %d values\n", n)
		if i == 0 {
			if _, err := messages.Call(ctx, s.root, writer, set{key: "/1/short", value: "lived", ttl: 2 * time.Second}); err != nil {
				return err
			}
		}
	}
	return nil
}

// sees returns when a client sees so many values, of which nothing tells.
func (s *show) sees(ctx context.Context, client *actor.PID, n int) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		v, err := messages.Call(ctx, s.root, client, look{})
		if err != nil || len(v.(view).values) == n {
			return err
		}
		<-tick.C
	}
}

func (s *show) server(name string) error {
	me, peer := s.sites[0], s.sites[1]
	if name == "backup" {
		me, peer = peer, me
	}
	x := &server{thread: s.thread, primary: name == "primary", me: me, peer: peer, beat: beat, most: most}
	err := x.spawn(s.system, name)
	s.parents[name] = x.parent
	return err
}

func (s *show) end(name string) error {
	pid := s.parents[name]
	delete(s.parents, name)
	return s.root.StopFuture(pid).Wait()
}

func (s *show) client(name, subtree string) (*actor.PID, error) {
	x := &client{thread: s.thread, servers: s.sites, subtree: subtree, silent: 4 * beat, most: most}
	err := x.spawn(s.system, name)
	s.parents[name] = x.parent
	return x.self, err
}

// quiet keeps what is on purpose out of the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
