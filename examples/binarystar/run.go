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

// run has the primary die and come back, and then the backup die.
func run(ctx context.Context, out io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "star")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	s := &show{system: system, thread: thread, dir: "ipc://" + dir, out: out, stars: map[state]*star{}}
	err = s.play(ctx)
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = errors.Join(err, thread.Shutdown(last))
	for _, star := range s.stars {
		err = errors.Join(err, system.Root.StopFuture(star.parent).Wait())
	}
	return err
}

type show struct {
	system *actor.ActorSystem
	thread *zmqthread.Thread
	dir    string
	out    io.Writer
	stars  map[state]*star
}

func (s *show) play(ctx context.Context) error {
	k := newClient(s.system.Root, s.thread, 300*time.Millisecond, 50, s.at(primary), s.at(backup))
	if err := errors.Join(s.begin(primary), s.begin(backup)); err != nil {
		return err
	}
	if err := s.reach(ctx, backup, passive); err != nil {
		return err
	}
	for _, act := range []struct {
		what string
		do   func() error
	}{
		{"both are there", func() error { return nil }},
		{"the primary dies", func() error { return s.end(primary) }},
		{"the primary comes back", func() error { return s.begin(primary) }},
		{"the backup dies", func() error { return errors.Join(s.reach(ctx, primary, passive), s.end(backup)) }},
	} {
		if err := act.do(); err != nil {
			return err
		}
		by := ""
		for n := range 100 {
			reply, err := k.ask(ctx, messages.Text(fmt.Sprint(n)))
			if err != nil {
				return fmt.Errorf("%s: %w", act.what, err)
			}
			var echo int
			if _, err := fmt.Sscan(reply.Text(), &echo, &by); err != nil || echo != n {
				return fmt.Errorf("the answer to %d is %q", n, reply.Text())
			}
		}
		fmt.Fprintf(s.out, "%s: 100 answers, the last by the %s\n", act.what, by)
	}
	return nil
}

func (s *show) at(role state) string { return s.dir + filepath.Join("/", role.String()) }

func (s *show) begin(role state) error {
	other := primary + backup - role
	star := &star{thread: s.thread, role: role, beat: 150 * time.Millisecond, front: s.at(role),
		here: s.at(role) + "-state", there: s.at(other) + "-state",
		do: func(m *messages.Message) *messages.Message { return messages.Text(m.Text(), role.String()) }}
	s.stars[role] = star
	return star.spawn(s.system, role.String())
}

func (s *show) end(role state) error {
	star := s.stars[role]
	delete(s.stars, role)
	return s.system.Root.StopFuture(star.parent).Wait()
}

// reach returns when a server has a state, of which nothing tells.
func (s *show) reach(ctx context.Context, role, want state) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		n, err := messages.Call(ctx, s.system.Root, s.stars[role].self, howMany{})
		if err != nil || n.(counts).state == want {
			return err
		}
		<-tick.C
	}
}

// quiet keeps what is on purpose out of the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
