package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/bench/internal/measure"
	"github.com/sockeye-mq/sockeye/messages"
)

// ours does the same with sockets of the library; the sender is bound, or connects.
func ours(linger int, connects bool) func(transport string) error {
	return func(transport string) error {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		system := measure.System()
		thread, err := zmqthread.Start(system, zmqthread.Config{})
		if err != nil {
			return err
		}
		push := socket.Config{Type: socket.Push, Options: socket.Options{SendHWM: 2, Linger: socket.NoLinger}}
		if linger > 0 {
			push.Options.Linger = time.Duration(linger) * time.Millisecond
		}
		pull := socket.Config{Type: socket.Pull, Options: socket.Options{RecvHWM: 2}}
		ends, err := pair(ctx, system, thread, endpoint(transport), push, pull, connects)
		if err != nil {
			return err
		}
		if err := flood(ctx, system, ends[0]); err != nil {
			return err
		}
		rand.Shuffle(2, func(i, j int) { ends[i], ends[j] = ends[j], ends[i] })
		for _, pid := range ends {
			system.Root.Stop(pid)
		}
		return thread.Shutdown(ctx)
	}
}

// pair spawns a sender and a receiver, the one that is bound first.
func pair(ctx context.Context, system *actor.ActorSystem, thread *zmqthread.Thread, at string, push, pull socket.Config, connects bool) ([]*actor.PID, error) {
	first, second := &push, &pull
	if connects {
		first, second = second, first
	}
	first.Bind = []string{at}
	bound := system.Root.Spawn(socket.Props(thread, *first))
	var err error
	if second.Connect, err = socket.Endpoints(ctx, system.Root, bound); err != nil {
		return nil, err
	}
	connected := system.Root.Spawn(socket.Props(thread, *second))
	if connects {
		bound, connected = connected, bound
	}
	return []*actor.PID{bound, connected}, nil
}

// flood sends until ZeroMQ takes no more.
func flood(ctx context.Context, system *actor.ActorSystem, pid *actor.PID) error {
	m := messages.Bytes(make([][]byte, frames)...)
	for i := range m.Frames {
		m.Frames[i] = make([]byte, frameSize)
	}
	for {
		wait, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		err := messages.Put(wait, system.Root, pid, m)
		over := wait.Err() != nil
		cancel()
		if over {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}
