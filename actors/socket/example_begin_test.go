package socket_test

import (
	"context"
	"log"
	"log/slog"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// begin is what the examples of this package begin with: half a minute, an actor system that logs nothing, and a
// ZeroMQ thread. examples/hello has the same in full.
func begin() (ctx context.Context, system *actor.ActorSystem, thread *zmqthread.Thread, end func()) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	system = actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }),
		actor.WithDeadLetterThrottleInterval(time.Millisecond))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		log.Fatal(err)
	}
	return ctx, system, thread, func() {
		if err := thread.Shutdown(ctx); err != nil {
			log.Fatal(err)
		}
		cancel()
	}
}

// inbox is an actor that puts whatever it gets of type M into a channel.
func inbox[M any](system *actor.ActorSystem) (*actor.PID, <-chan M) {
	got := make(chan M, 256)
	return system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(M); ok {
			got <- m
		}
	})), got
}

// shouter is an actor that answers what it is asked in capitals.
func shouter(system *actor.ActorSystem) *actor.PID {
	return system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text(strings.ToUpper(m.Text())))
		}
	}))
}
