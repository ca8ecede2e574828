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

// ours does the same with sockets of the library.
func ours(linger int) func(transport string) error {
	return func(transport string) error {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		system := measure.System()
		thread, err := zmqthread.Start(system, zmqthread.Config{})
		if err != nil {
			return err
		}
		options := socket.Options{SendHWM: 2, Linger: socket.NoLinger}
		if linger > 0 {
			options.Linger = time.Duration(linger) * time.Millisecond
		}
		push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Bind: []string{endpoint(transport)}, Options: options}))
		at, err := socket.Endpoints(ctx, system.Root, push)
		if err != nil {
			return err
		}
		pull := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pull, Connect: at, Options: socket.Options{RecvHWM: 2}}))
		if err := flood(ctx, system, push); err != nil {
			return err
		}
		ends := []*actor.PID{push, pull}
		rand.Shuffle(2, func(i, j int) { ends[i], ends[j] = ends[j], ends[i] })
		for _, pid := range ends {
			system.Root.Stop(pid)
		}
		return thread.Shutdown(ctx)
	}
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
