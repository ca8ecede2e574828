package actors_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
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

// A REP behind two channels: a request comes out of one, its answer goes into the other.
func ExampleSplice() {
	ctx, system, thread, end := begin()
	defer end()

	answers, requests := make(chan *messages.Message), make(chan *messages.Message)
	if _, err := actors.Splice(system, thread,
		socket.Config{Type: socket.Rep, Bind: []string{"inproc://service"}}, answers, requests); err != nil {
		fmt.Println(err)
	}
	go func() {
		for m := range requests { // until the socket is gone
			answers <- messages.Text(strings.ToUpper(m.Text()))
		}
	}()
	req := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Req, Connect: []string{"inproc://service"}}))
	reply, err := messages.Ask(ctx, system.Root, req, messages.Text("hello"))
	fmt.Println(reply.Text(), err)

	close(answers) // flushes, and closes the socket, which closes requests
	// Output: HELLO <nil>
}

// A socket that you have made yourself, behind channels.
func ExampleSpliceAdopted() {
	native, err := zmq4.NewContext()
	if err != nil {
		log.Fatal(err)
	}
	defer native.Term()
	_, system, thread, end := begin()
	defer end()

	mine, err := native.NewSocket(zmq4.PULL)
	if err != nil {
		log.Fatal(err)
	}
	if err := mine.Bind("tcp://127.0.0.1:*"); err != nil {
		log.Fatal(err)
	}
	at, err := mine.GetLastEndpoint()
	if err != nil {
		log.Fatal(err)
	}
	tasks := make(chan *messages.Message)
	if _, err := actors.SpliceAdopted(system, thread, mine, socket.Config{}, nil, tasks); err != nil {
		fmt.Println(err)
	}
	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Connect: []string{at}}))
	system.Root.Send(push, messages.Text("task"))
	fmt.Println((<-tasks).Text())
	// Output: task
}
