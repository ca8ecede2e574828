package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// desk is a kernel, and who prints what it does.
type desk struct {
	system *actor.ActorSystem
	thread *zmqthread.Thread
	teller *teller
	tells  *actor.PID
	kernel *actor.PID
}

// open starts a desk. The kernel is on its way then: cells wait for it.
func open(cfg config, t *teller) (*desk, error) {
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return nil, err
	}
	d := &desk{system: system, thread: thread, teller: t}
	d.tells = system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return t }))
	cfg.Events = d.tells
	d.kernel = spawnKernel(system, thread, cfg)
	return d, nil
}

// execute runs a cell and prints its output. How it ended is printed as well, unless all is well.
func (d *desk) execute(ctx context.Context, code string, limit Limit) (*Outcome, error) {
	answer, err := messages.Call(ctx, d.system.Root, d.kernel, &Execute{Code: code, Out: d.tells, Limit: limit})
	if err != nil {
		d.say("lost", err.Error())
		return nil, err
	}
	o := answer.(*Outcome)
	d.report(o)
	return o, nil
}

// interrupt interrupts the cell that runs.
func (d *desk) interrupt(ctx context.Context) error {
	_, err := messages.Call(ctx, d.system.Root, d.kernel, Interrupt{})
	return err
}

func (d *desk) state(ctx context.Context) (*State, error) {
	answer, err := messages.Call(ctx, d.system.Root, d.kernel, Ask{})
	if err != nil {
		return nil, err
	}
	return answer.(*State), nil
}

func (d *desk) say(who, what string) { d.system.Root.Send(d.tells, line{who, what}) }

// close asks the kernel to end and leaves nothing behind. The teller goes last, when it has printed
// everything.
func (d *desk) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*enough)
	defer cancel()
	_, err := messages.Call(ctx, d.system.Root, d.kernel, Shutdown{})
	return errors.Join(err, d.system.Root.StopFuture(d.kernel).Wait(), d.thread.Shutdown(ctx),
		d.system.Root.PoisonFuture(d.tells).Wait(), d.teller.err)
}

// timed is a teller that prints since when.
func timed(out io.Writer) *teller { return &teller{out: out, began: time.Now()} }

// quiet keeps from the log what is printed anyway.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
