package main

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/bench/internal/measure"
	"github.com/sockeye-mq/sockeye/messages"
)

// least is how many messages of the stream arrive in a phase, however long that takes.
const least = 4

// phase calls do again and again, with the stream beside it or without, and times each call.
func (l *lab) phase(ctx context.Context, streaming bool, do func(context.Context) error) (*measure.Times, error) {
	debug.FreeOSMemory() // or what the phase before left would be collected in this one
	if !streaming {
		return measure.Repeat(ctx, after(l.length), l.every, do)
	}
	stop, ended := make(chan struct{}), make(chan error, 1)
	begin := l.stream.arrived.Load()
	go func() { ended <- l.stream.run(ctx, stop) }()
	if err := l.stream.arrive(ctx, begin+1); err != nil {
		return nil, err
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		<-after(l.length)
		l.stream.arrive(ctx, begin+1+least)
	}()
	since, from := time.Now(), l.stream.arrived.Load()
	times, err := measure.Repeat(ctx, over, l.every, do)
	bytes := float64(l.stream.arrived.Load()-from) * float64(l.size)
	l.rate = append(l.rate, bytes/time.Since(since).Seconds()/(1<<30))
	close(stop)
	return times, errors.Join(err, <-ended)
}

func after(d time.Duration) <-chan struct{} {
	c := make(chan struct{})
	time.AfterFunc(d, func() { close(c) })
	return c
}

// turn asks the poll actor of lane 0 for a sign of life. The framework answers on the ZeroMQ thread,
// as soon as the sockets that are being served have had their turn.
func (l *lab) turn(ctx context.Context) error {
	_, err := messages.Call(ctx, l.root, l.lanes.Threads()[0].PID(), &actor.Touch{})
	return err
}
