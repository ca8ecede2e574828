package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

const (
	patience  = 10 * time.Second // for what takes no time when all is well
	lostAfter = time.Second      // so much later than those behind it, a message will not come any more
)

// show is what the crashes happen to.
type show struct {
	config
	system   *actor.ActorSystem
	thread   *zmqthread.Thread
	teller   *teller
	sink     *sink
	numbered atomic.Int64 // messages that push has taken

	tree, out, end, rep, req, push, pull *actor.PID // out is the teller's, end the sink's
}

// run lets one crash after the other happen, and prints what came of each.
func run(ctx context.Context, cfg config, out io.Writer) (err error) {
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	s := &show{config: cfg, system: system,
		teller: &teller{out: out, began: time.Now(), opened: map[string]int{}, failed: map[string]int{}},
		sink:   &sink{missing: map[int64]bool{}},
		rep:    system.NewLocalPID("tree/rep"), req: system.NewLocalPID("tree/req"),
		push: system.NewLocalPID("tree/push"), pull: system.NewLocalPID("tree/pull"),
	}
	if s.thread, err = zmqthread.Start(system, zmqthread.Config{}); err != nil {
		return err
	}
	s.out = system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return s.teller }))
	s.end = system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return s.sink }))
	decisions := system.EventStream.Subscribe(func(event any) {
		if e, ok := event.(*actor.SupervisorEvent); ok {
			system.Root.Send(s.out, e)
		}
	})
	rows, err := s.play(ctx)
	system.EventStream.Unsubscribe(decisions)
	if err = errors.Join(err, s.stop()); err != nil {
		return err
	}
	return table(out, rows)
}

// play starts everything and has the crashes happen.
func (s *show) play(ctx context.Context) (rows []row, err error) {
	thief, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := thief.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}()
	t := &tree{thread: s.thread, server: "tcp://" + thief.Addr().String(), teller: s.out, sink: s.end}
	if s.tree, err = t.spawn(s.system); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	numbered := make(chan error, 1)
	go func() { numbered <- s.number(ctx) }()
	defer func() {
		cancel()
		err = errors.Join(err, <-numbered)
	}()
	for _, x := range s.crashes(thief) {
		r, err := s.survive(ctx, x)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", x.what, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// survive lets x happen and asks on until all is well again.
func (s *show) survive(ctx context.Context, x crash) (row, error) {
	opened, _, restarts := s.teller.seen(x.who)
	_, lost := s.sink.got()
	s.say("> " + x.what)
	if err := x.do(ctx); err != nil {
		return row{}, err
	}
	began := time.Now()
	if err := s.ask(ctx); err != nil {
		return row{}, err
	}
	r := row{what: x.what, reply: time.Since(began)}
	s.say(fmt.Sprintf("next reply after %v", r.reply.Round(100*time.Microsecond)))

	// Until the socket that has failed is open; then until a message has come through that was sent
	// later. What is still missing a while after that is lost.
	if err := s.askUntil(ctx, func() bool {
		now, _, _ := s.teller.seen(x.who)
		return x.who == "" || now > opened
	}); err != nil {
		return row{}, err
	}
	later := s.numbered.Load() + 1
	var since time.Time
	if err := s.askUntil(ctx, func() bool {
		next, missing := s.sink.got()
		if next > later && since.IsZero() {
			since = time.Now()
		}
		return !since.IsZero() && (missing <= lost || time.Since(since) > lostAfter)
	}); err != nil {
		return row{}, err
	}
	_, r.lost = s.sink.got()
	_, _, r.restarts = s.teller.seen(x.who)
	r.restarts -= restarts
	s.say(fmt.Sprintf("well again: %d messages lost so far, of %d", r.lost, later))
	calm := time.Now()
	return r, s.askUntil(ctx, func() bool { return time.Since(calm) > s.pause })
}

func (s *show) say(what string) { s.system.Root.Send(s.out, line{what: what}) }

// stop leaves nothing behind. The teller goes last, when it has printed everything.
func (s *show) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := s.thread.Shutdown(ctx) // flushes and closes every socket
	for _, pid := range []*actor.PID{s.tree, s.end, s.out} {
		if pid != nil {
			err = errors.Join(err, s.system.Root.PoisonFuture(pid).Wait())
		}
	}
	return errors.Join(err, s.teller.err)
}

// quiet keeps from the log what is printed anyway.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
