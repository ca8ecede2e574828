// Hello asks an actor over ZeroMQ. It is the quick start of the README.
package main

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	system := actor.NewActorSystem()
	thread, err := zmqthread.Start(system, zmqthread.Config{}) // one OS thread owns every ZeroMQ socket
	if err != nil {
		log.Fatal(err)
	}

	// An ordinary actor answers requests. It has never heard of ZeroMQ.
	upper := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text(strings.ToUpper(m.Text())))
		}
	}))

	// A socket that fails is reopened after up to 100ms, 200ms, 400ms, …; after 5 failures in a minute it stops.
	restart := actor.WithGuardian(&supervision.Backoff{
		Min: 100 * time.Millisecond, Max: 5 * time.Second, Retries: 5, Window: time.Minute})

	rep := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(upper)}, restart))
	at, err := socket.Endpoints(ctx, system.Root, rep) // which port it got for the *
	if err != nil {
		log.Fatal(err)
	}
	req := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Req, Connect: at}, restart))

	reply, err := messages.Ask(ctx, system.Root, req, messages.Text("hello"))
	fmt.Println(reply.Text(), err) // HELLO <nil>

	if err := thread.Shutdown(ctx); err != nil { // flushes and closes every socket
		log.Fatal(err)
	}
}
