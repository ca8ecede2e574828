// Traces follows one question through three nodes, each an actor system with a ZeroMQ thread of its own: a
// client asks a shop, which asks the stock and then writes into a ledger. In the end it prints the spans of
// OpenTelemetry that came of it, below one another.
//
//	go run ./examples/traces
//
// What to look at: socket.Config.Trace, which has the sockets carry the context, in requests and (to the ledger,
// which knows it) behind other messages; tracer.Middleware, which every actor is spawned with; that the
// shop's code needs nothing but the context of the message in hand. tree.go prints.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/trace"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := run(ctx, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

var anywhere = []string{"tcp://127.0.0.1:*"}

func run(ctx context.Context, out io.Writer) error {
	kept := &tree{}
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept)) // yours exports to a collector
	defer provider.Shutdown(context.WithoutCancel(ctx))
	tracer := trace.New(trace.Config{Provider: provider})

	var nodes [3]*node
	for i := range nodes {
		n, err := start(tracer)
		if err != nil {
			return err
		}
		defer n.stop()
		nodes[i] = n
	}
	stock, shop, client := nodes[0], nodes[1], nodes[2]

	stockAt, ledgerAt, err := stock.openStock(ctx)
	if err != nil {
		return err
	}
	shopAt, err := shop.openShop(ctx, stockAt, ledgerAt)
	if err != nil {
		return err
	}
	toShop, err := client.socket("to the shop", socket.Config{Type: socket.Req, Connect: shopAt, Trace: socket.TraceRequests})
	if err != nil {
		return err
	}
	reply, err := tracer.Ask(ctx, client.system.Root, toShop, messages.Text("pears"))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, reply.Text())
	return kept.print(ctx, out, 6)
}

// openStock opens a service, and a ledger that is only written to.
func (n *node) openStock(ctx context.Context) (stockAt, ledgerAt []string, err error) {
	stock, err := n.actor("stock", func(c actor.Context, m *messages.Message) { c.Respond(messages.Text("3 " + m.Text())) })
	if err != nil {
		return nil, nil, err
	}
	ledger, err := n.actor("ledger", func(actor.Context, *messages.Message) {})
	if err != nil {
		return nil, nil, err
	}
	stockAt, err = n.bound(ctx, socket.Config{Type: socket.Router, Bind: anywhere, Deliver: socket.To(stock), Trace: socket.TraceRequests})
	if err != nil {
		return nil, nil, err
	}
	ledgerAt, err = n.bound(ctx, socket.Config{Type: socket.Pull, Bind: anywhere, Deliver: socket.To(ledger), Trace: socket.TraceFrames})
	return stockAt, ledgerAt, err
}

// openShop opens a service that uses both.
func (n *node) openShop(ctx context.Context, stockAt, ledgerAt []string) (shopAt []string, err error) {
	stock, err := n.socket("to the stock", socket.Config{Type: socket.Dealer, Connect: stockAt, Trace: socket.TraceRequests})
	if err != nil {
		return nil, err
	}
	ledger, err := n.socket("to the ledger", socket.Config{Type: socket.Push, Connect: ledgerAt, Trace: socket.TraceFrames})
	if err != nil {
		return nil, err
	}
	shop, err := n.actor("shop", func(c actor.Context, m *messages.Message) {
		reply, err := n.tracer.Ask(trace.Context(c), c, stock, m)
		if err != nil {
			c.Respond(messages.Text("ask again: " + err.Error()))
			return
		}
		c.Send(ledger, messages.Text("asked for "+m.Text())) // in the same trace, by the middleware
		c.Respond(messages.Text("we have " + reply.Text()))
	})
	if err != nil {
		return nil, err
	}
	return n.bound(ctx, socket.Config{Type: socket.Rep, Bind: anywhere, Deliver: socket.To(shop), Trace: socket.TraceRequests})
}

// node is an actor system with a ZeroMQ thread.
type node struct {
	system *actor.ActorSystem
	thread *zmqthread.Thread
	tracer *trace.Tracer
}

func start(tracer *trace.Tracer) (*node, error) {
	system := actor.NewActorSystem()
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	return &node{system, thread, tracer}, err
}

func (n *node) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := n.thread.Shutdown(ctx); err != nil {
		log.Print(err)
	}
}

// actor spawns an actor that does this with each message, in a span.
func (n *node) actor(name string, do func(actor.Context, *messages.Message)) (*actor.PID, error) {
	return n.system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			do(c, messages.Bytes(m.Body()...))
		}
	}, n.tracer.Middleware()), name)
}

func (n *node) socket(name string, cfg socket.Config) (*actor.PID, error) {
	return n.system.Root.SpawnNamed(socket.Props(n.thread, cfg), name)
}

// bound spawns a socket and says where it is.
func (n *node) bound(ctx context.Context, cfg socket.Config) ([]string, error) {
	return socket.Endpoints(ctx, n.system.Root, n.system.Root.Spawn(socket.Props(n.thread, cfg)))
}
