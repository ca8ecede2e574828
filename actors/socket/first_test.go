package socket_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

func TestFirst(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	system := actor.NewActorSystem()
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		t.Fatal(err)
	}
	upper := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text(strings.ToUpper(m.Text())))
		}
	}))
	rep := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(upper)}))
	at, err := socket.Endpoints(ctx, system.Root, rep)
	if err != nil {
		t.Fatal(err)
	}
	req := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Req, Connect: at}))
	for range 1000 {
		reply, err := messages.Ask(ctx, system.Root, req, messages.Text("hello"))
		if err != nil || reply.Text() != "HELLO" {
			t.Fatal(reply, err)
		}
	}
	if err := thread.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
}
