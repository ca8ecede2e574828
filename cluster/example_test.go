package cluster_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/cluster/embedded"
	"github.com/sockeye-mq/sockeye/messages"
)

// A name instead of an address, and one owner for it among all processes that run this. The directory here is an
// etcd inside this process, for one machine alone.
func ExampleCluster_Own() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "names")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	system := actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer thread.Shutdown(ctx)

	cl, err := cluster.Join(system, thread, cluster.Config{Name: "shop", Member: "till-1", Host: "127.0.0.1", TTL: 2 * time.Second,
		Patience: time.Minute, Directory: embedded.Directory(embedded.Config{Dir: dir, UnsafeNoFsync: true})})
	if err != nil {
		log.Fatal(err)
	}
	defer cl.Leave(ctx)

	desk := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text(cl.Member(), "has", m.Text()))
		}
	}))
	system.Root.Spawn(cl.Own("orders", socket.Config{
		Type: socket.Router, Bind: []string{"cluster://orders"}, Deliver: socket.To(desk)}))
	client := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Dealer, Connect: []string{"cluster://orders"}}))

	reply, err := messages.Ask(ctx, system.Root, client, messages.Text("two salmon"))
	fmt.Println(reply.Text(), err)
	// Output: till-1 has two salmon <nil>
}
