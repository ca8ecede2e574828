// Shop is two actors in two processes: a desk that takes orders, and a customer that places three.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// desk answers whoever asks, as any actor does.
type desk struct{ orders int }

func (d *desk) Receive(c actor.Context) {
	if m, ok := c.Message().(*messages.Message); ok {
		d.orders++
		c.Respond(messages.Text(fmt.Sprintf("order %d: %s", d.orders, m.Text())))
	}
}

// customer asks the socket as if it were the desk. It waits for nothing: answers are messages.
type customer struct {
	desk *actor.PID
	left []string
	done func()
}

func (k *customer) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		for _, what := range k.left {
			c.Request(k.desk, messages.Text(what))
		}
		return
	case *messages.Message:
		fmt.Println(m.Text())
	case *messages.Rejected: // not sent, or not answered in time, and why
		fmt.Println(m)
	default:
		return
	}
	if k.left = k.left[1:]; len(k.left) == 0 {
		k.done()
	}
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: shop desk|customer endpoint")
	}
	who, at := os.Args[1], os.Args[2:]
	ctx, done := signal.NotifyContext(context.Background(), os.Interrupt)
	system := actor.NewActorSystem()
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		log.Fatal(err)
	}
	restart := actor.WithGuardian(&supervision.Backoff{Max: time.Second})
	if who == "desk" {
		pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &desk{} }))
		system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Rep, Bind: at, Deliver: socket.To(pid)}, restart))
	} else {
		pid := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Req, Connect: at}, restart))
		system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor {
			return &customer{pid, []string{"two salmon", "a trout", "chips"}, done}
		}))
	}
	<-ctx.Done() // Ctrl-C, or the customer is done
	closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := thread.Shutdown(closing); err != nil { // what is still to be sent is sent
		log.Fatal(err)
	}
}
