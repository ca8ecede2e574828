package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"text/tabwriter"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// crash is one of them. When it has happened, who is opened again; "" if no socket is to notice.
type crash struct {
	what, who string
	do        func(context.Context) error
}

// crashes are all of them, in the order in which they happen.
func (s *show) crashes(thief net.Listener) []crash {
	return []crash{
		{"somebody else has the server's port", "rep", func(context.Context) error {
			time.AfterFunc(s.held, func() {
				s.say("the port becomes free")
				if err := thief.Close(); err != nil {
					s.say(err.Error())
				}
			})
			return nil
		}},
		{"the server's actor fails", "rep", s.fail(s.rep, true)},
		{"the client's native socket is lost", "req", s.fail(s.req, false)},
		{"the sender's native socket is lost", "push", s.fail(s.push, false)},
		{"the receiver's native socket is lost, full", "pull", s.loseFull},
		{"the poll actor panics", "", s.crash(&zmqthread.Crash{Reason: errOnPurpose})},
		{"the OS thread ends", "", s.crash(&zmqthread.Crash{Goexit: true})},
		{"the server's answerer dies", "", func(ctx context.Context) error {
			_, err := messages.Call(ctx, s.system.Root, s.tree, die{})
			return err
		}},
	}
}

var errOnPurpose = errors.New("on purpose")

// fail has a socket fail: its actor only, or with it the native socket.
func (s *show) fail(pid *actor.PID, kept bool) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := messages.Call(ctx, s.system.Root, pid, &socket.Fail{Err: errOnPurpose, Kept: kept})
		return err
	}
}

// crash does not wait: nobody is told when it has happened. What is asked later is served later.
func (s *show) crash(m *zmqthread.Crash) func(context.Context) error {
	return func(context.Context) error {
		s.system.Root.Send(s.thread.PID(), m)
		return nil
	}
}

// loseFull has pull fail when ZeroMQ holds messages that the sink has had no time for.
func (s *show) loseFull(ctx context.Context) error {
	s.sink.busy.Lock()
	defer s.sink.busy.Unlock()
	const waiting = 300
	until := s.numbered.Load() + waiting
	if err := s.askUntil(ctx, func() bool { return s.numbered.Load() >= until }); err != nil {
		return err
	}
	_, before, _ := s.teller.seen("pull")
	if err := s.fail(s.pull, false)(ctx); err != nil {
		return err
	}
	return s.askUntil(ctx, func() bool {
		_, failed, _ := s.teller.seen("pull")
		return failed > before
	})
}

// row is what came of a crash.
type row struct {
	what     string
	restarts int
	reply    time.Duration
	lost     int
}

func table(out io.Writer, rows []row) error {
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\nrestarts\tnext reply after\tlost so far\t  what happened")
	for _, r := range rows {
		fmt.Fprintf(t, "%d\t%.1f ms\t%d\t  %s\n", r.restarts, 1000*r.reply.Seconds(), r.lost, r.what)
	}
	return t.Flush()
}
