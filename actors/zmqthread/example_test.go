package zmqthread_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

var quiet = actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) })

// One thread owns every ZeroMQ socket of a program. Shutdown sends what the outboxes hold, each for at most its
// socket's linger, and closes everything.
func ExampleStart() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	system := actor.NewActorSystem(quiet)
	thread, err := zmqthread.Start(system, zmqthread.Config{IOThreads: 2})
	if err != nil {
		log.Fatal(err)
	}
	pull := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pull, Bind: []string{"inproc://here"}}))
	at, err := socket.Endpoints(ctx, system.Root, pull)
	fmt.Println(at, err, thread.Sockets())
	fmt.Println(thread.Shutdown(ctx))
	// Output:
	// [inproc://here] <nil> 1
	// <nil>
}

// Lanes are threads that share a ZeroMQ context: gigabytes on one do not hold up a small message on another, and
// inproc reaches all of them.
func ExampleStartLanes() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	system := actor.NewActorSystem(quiet)
	lanes, err := zmqthread.StartLanes(system, 2, zmqthread.Config{})
	if err != nil {
		log.Fatal(err)
	}
	bulk, control := lanes.Threads()[0], lanes.Threads()[1]

	got := make(chan string, 1)
	sink := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			got <- m.Text()
		}
	}))
	system.Root.Spawn(socket.Props(control, socket.Config{
		Type: socket.Pull, Bind: []string{"inproc://control"}, Deliver: socket.To(sink)}))
	push := system.Root.Spawn(socket.Props(bulk, socket.Config{Type: socket.Push, Connect: []string{"inproc://control"}}))
	system.Root.Send(push, messages.Text("across lanes"))
	fmt.Println(<-got, bulk.Sockets(), control.Sockets())
	fmt.Println(lanes.Shutdown(ctx))
	// Output:
	// across lanes 1 1
	// <nil>
}

// What a failure calls for, by its class. docs/errors.md has them all.
func ExampleClassOf() {
	for _, err := range []error{syscall.EADDRINUSE, syscall.EINVAL, syscall.EFAULT, errors.New("what nobody knows")} {
		fmt.Printf("%v: %v\n", err, zmqthread.ClassOf(err))
	}
	// Output:
	// address already in use: transient
	// invalid argument: wrong
	// bad address: gone
	// what nobody knows: transient
}
