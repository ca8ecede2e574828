// Flood is a PUSH of python3-zmq that sends as fast as it can to an actor that cannot keep up. It
// shows that the sender is held back by ZeroMQ itself, that our memory stays flat, that nothing is
// lost, and what other sockets on the same thread notice of it. Exit code 1: a message was lost, or
// memory moved.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/bench/internal/measure"
)

// limit is how far resident memory may move after the first second.
const limit = 32 << 20

type config struct {
	length, alone time.Duration
	size          int
	busy          bool
}

func main() {
	var cfg config
	flag.DurationVar(&cfg.length, "for", 30*time.Second, "how long the sender sends")
	flag.DurationVar(&cfg.alone, "alone", 5*time.Second, "how long round trips are measured without a flood, before and after")
	flag.IntVar(&cfg.size, "size", 1024, "bytes of a message, 9 at least")
	flag.BoolVar(&cfg.busy, "busy", false, "the actor's millisecond burns CPU, rather than wait for a timer")
	flag.Parse()
	if err := run(cfg); err != nil {
		fmt.Println("result      FAIL:", err)
		os.Exit(1)
	}
	fmt.Println("result      ok")
}

func run(cfg config) error {
	ctx, cancel := context.WithTimeout(context.Background(), cfg.length+3*cfg.alone+2*time.Minute)
	defer cancel()
	fmt.Println("machine    ", measure.Machine())
	thread, err := zmqthread.Start(measure.System(), zmqthread.Config{})
	if err != nil {
		return err
	}
	f := &flood{config: cfg, thread: thread, root: thread.System().Root, sink: newSink(cfg.busy)}
	err = f.run(ctx)
	return errors.Join(err, thread.Shutdown(ctx))
}

// flood is one run.
type flood struct {
	config
	thread *zmqthread.Thread
	root   *actor.RootContext
	sink   *sink
	pull   *actor.PID
	pair   *measure.Pair

	before, beside, during, after *measure.Times // beside: only with busy
}

func (f *flood) run(ctx context.Context) (err error) {
	receiver := f.root.Spawn(actor.PropsFromFunc(f.sink.Receive))
	f.pull = f.root.Spawn(socket.Props(f.thread, socket.Config{
		Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(receiver)}))
	at, err := socket.Endpoints(ctx, f.root, f.pull)
	if err != nil {
		return err
	}
	if f.pair, err = measure.NewPair(ctx, f.thread, 64, socket.Options{}); err != nil {
		return err
	}
	if f.before, err = f.trips(ctx, after(f.alone)); err != nil {
		return err
	}
	if f.busy {
		if f.beside, err = f.tripsBeside(ctx); err != nil {
			return err
		}
	}
	r, m, err := f.pour(ctx, at[0])
	if err != nil {
		return err
	}
	if f.after, err = f.trips(ctx, after(f.alone)); err != nil {
		return err
	}
	f.printTrips()
	return f.judge(ctx, r, m)
}

// pour is the flood itself, from the start of the sender to the end marker.
func (f *flood) pour(ctx context.Context, endpoint string) (r report, m memory, err error) {
	s, err := startSender(ctx, endpoint, f.length, f.size)
	if err != nil {
		return r, m, err
	}
	select {
	case <-f.sink.first:
	case <-ctx.Done():
		return r, m, ctx.Err()
	}
	<-after(time.Second) // buffers and the heap have their size by then
	quiet, stopped := make(chan struct{}), make(chan struct{})
	seen := watch(quiet)
	trips := make(chan error, 1)
	go func() {
		var err error
		f.during, err = f.trips(ctx, stopped)
		trips <- err
	}()
	r, err = s.stopped()
	underWay := int64(r.Sent) - f.sink.processed.Load()
	close(stopped)
	if err = errors.Join(err, <-trips); err == nil {
		err = s.ended()
	}
	if err == nil {
		select {
		case <-f.sink.ended:
		case <-ctx.Done():
			err = fmt.Errorf("%d messages of %d came: %w", f.sink.processed.Load(), r.Sent+1, ctx.Err())
		}
	}
	close(quiet)
	m = <-seen
	f.printPour(r, underWay)
	return r, m, err
}

func (f *flood) trips(ctx context.Context, until <-chan struct{}) (*measure.Times, error) {
	return measure.Repeat(ctx, until, 0, f.pair.Trip)
}

// tripsBeside measures beside a goroutine that keeps a core as busy as the actor will: what is
// slower then is the machine's doing, not the flood's.
func (f *flood) tripsBeside(ctx context.Context) (*measure.Times, error) {
	until := after(f.alone)
	go func() {
		for {
			select {
			case <-until:
				return
			default:
				burn()
			}
		}
	}()
	return f.trips(ctx, until)
}

func after(d time.Duration) <-chan struct{} {
	c := make(chan struct{})
	time.AfterFunc(d, func() { close(c) })
	return c
}
