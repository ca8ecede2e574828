package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/cluster/embedded"
	"github.com/sockeye-mq/sockeye/messages"
)

// member is one of the processes that may run the service.
type member struct {
	name string
	etcd []string
	ttl  time.Duration
	seat embedded.Config // of the etcd inside, if it has a Dir
}

// serve owns "orders", or waits for it, until ctx is over.
func (m member) serve(ctx context.Context) error {
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	directory := cluster.Etcd(m.etcd)
	if m.seat.Dir != "" {
		directory = embedded.Directory(m.seat)
	}
	cl, err := cluster.Join(system, thread, cluster.Config{Name: "failover", Member: m.name, Host: "127.0.0.1", TTL: m.ttl,
		Directory: directory, Patience: 30 * time.Second})
	if err != nil {
		return errors.Join(err, thread.Shutdown(context.Background()))
	}
	var token atomic.Int64
	events := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if owning, ok := c.Message().(*cluster.Owning); ok {
			token.Store(owning.Token)
		}
	}))
	desk := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if request, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text(m.name, strconv.FormatInt(token.Load(), 10), request.Text()))
		}
	}))
	system.Root.Spawn(cl.Own("orders", socket.Config{
		Type: socket.Router, Bind: []string{"cluster://orders"}, Deliver: socket.To(desk), Events: events}))
	<-ctx.Done()
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(cl.Leave(last), thread.Shutdown(last))
}

// quiet keeps failures, which are on purpose, out of the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
