package zap_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/curve"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zap"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

func begin() (ctx context.Context, system *actor.ActorSystem, thread *zmqthread.Thread, end func()) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	system = actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
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

func newKeys() curve.KeyPair {
	k, err := curve.New()
	if err != nil {
		log.Fatal(err)
	}
	return k
}

// A handler lets Alice in and refuses a stranger; every decision is an event. Start it before the sockets that need it.
func ExampleStart() {
	ctx, system, thread, end := begin()
	defer end()

	decisions := make(chan *zap.Decided, 16)
	auditor := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if d, ok := c.Message().(*zap.Decided); ok {
			decisions <- d
		}
	}))
	server, alice, stranger := newKeys(), newKeys(), newKeys()
	if _, err := zap.Start(ctx, thread, zap.Config{Events: auditor, Policy: zap.Policy{
		"orders": {Curve: map[string]string{alice.Public: "alice"}}}}); err != nil {
		fmt.Println(err)
	}
	pull := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Options: server.Server("orders")}))
	at, err := socket.Endpoints(ctx, system.Root, pull)
	if err != nil {
		fmt.Println(err)
	}
	for _, who := range []curve.KeyPair{alice, stranger} {
		system.Root.Spawn(socket.Props(thread, socket.Config{
			Type: socket.Push, Connect: at, Options: who.Client(server.Public)}))
		d := <-decisions
		fmt.Println(d.Decision.Status, d.Decision.Reason, d.Decision.User)
	}
	// Output:
	// 200  alice
	// 400 unknown key
}

// Another policy, while everything runs: whom it no longer allows is cut off.
func ExampleApply() {
	ctx, system, thread, end := begin()
	defer end()

	handler, err := zap.Start(ctx, thread, zap.Config{Policy: zap.Policy{
		"orders": {Plain: map[string]socket.Secret{"alice": "correct horse"}}}})
	if err != nil {
		fmt.Println(err)
	}
	pull := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pull,
		Bind: []string{"tcp://127.0.0.1:*"}, Options: socket.Options{PlainServer: true, ZAPDomain: "orders"}}))
	at, err := socket.Endpoints(ctx, system.Root, pull)
	if err != nil {
		fmt.Println(err)
	}
	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: at,
		Options: socket.Options{PlainUsername: "alice", PlainPassword: "correct horse"}}))
	fmt.Println(socket.WaitPeers(ctx, system.Root, push, 1))

	done, err := zap.Apply(ctx, system.Root, handler, zap.Policy{"orders": {Plain: map[string]socket.Secret{"bob": "battery staple"}}})
	fmt.Println(done.Revoked, "revoked", err)
	// Output:
	// <nil>
	// 1 revoked <nil>
}
