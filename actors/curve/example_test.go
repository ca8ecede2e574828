package curve_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// Keys in two files, as CZMQ and pyzmq keep them. A pair is printed without its secret.
func ExampleKeyPair_Save() {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	made, err := curve.New()
	if err != nil {
		log.Fatal(err)
	}
	made.Metadata = map[string]string{"name": "Alice"}
	path := filepath.Join(dir, "alice")
	fmt.Println(made.Save(path))

	own, err := curve.Load(path) // both keys, for Alice
	fmt.Println(own.Secret == made.Secret, fmt.Sprint(own) == made.Public, err)
	known, err := curve.LoadPublic(path) // the public one, for everybody else
	fmt.Println(known.Secret == "", known.Metadata["name"], err)
	// Output:
	// <nil>
	// true true <nil>
	// true Alice <nil>
}

// An encrypted connection. Package zap says whose keys are let in; without a domain, as here, everybody's are.
func ExampleKeyPair_Server() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	system := actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer thread.Shutdown(ctx)

	server, err := curve.New()
	if err != nil {
		log.Fatal(err)
	}
	client, err := curve.New()
	if err != nil {
		log.Fatal(err)
	}
	got := make(chan string, 1)
	sink := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			got <- m.Text()
		}
	}))
	pull := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pull,
		Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(sink), Options: server.Server("")}))
	at, err := socket.Endpoints(ctx, system.Root, pull)
	if err != nil {
		fmt.Println(err)
	}
	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push,
		Connect: at, Options: client.Client(server.Public)}))
	system.Root.Send(push, messages.Text("nobody on the way can read this"))
	fmt.Println(<-got)
	// Output: nobody on the way can read this
}
