package messages_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// begin is what the examples begin with; examples/hello has the same in full.
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

// Frames in, frames out.
func ExampleText() {
	m := messages.Text("weather", "rain")
	fmt.Println(len(m.Frames), "frames,", m.Size(), "bytes:", m.Text())
	// Output: 2 frames, 11 bytes: weather rain
}

// A goroutine asks; an actor answers.
func ExampleAsk() {
	ctx, system, thread, end := begin()
	defer end()

	upper := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text(strings.ToUpper(m.Text())))
		}
	}))
	system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Rep, Bind: []string{"inproc://service"}, Deliver: socket.To(upper)}))
	req := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Req, Connect: []string{"inproc://service"}}))

	reply, err := messages.Ask(ctx, system.Root, req, messages.Text("hello"))
	fmt.Println(reply.Text(), err)
	// Output: HELLO <nil>
}

// Whoever asks is always answered: by the reply, by an error, or by the ctx.
func ExampleAsk_errors() {
	ctx, system, thread, end := begin()
	defer end()

	lonely := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Req, Connect: []string{"inproc://nobody"}}))
	soon, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	_, err := messages.Ask(soon, system.Root, lonely, messages.Text("hello?"))
	fmt.Println("nobody is there:", errors.Is(err, context.DeadlineExceeded))

	if err := system.Root.StopFuture(lonely).Wait(); err != nil {
		fmt.Println(err)
	}
	_, err = messages.Ask(ctx, system.Root, lonely, messages.Text("hello?"))
	fmt.Println("the socket is gone:", errors.Is(err, messages.ErrStopped))
	// Output:
	// nobody is there: true
	// the socket is gone: true
}

// Put waits until ZeroMQ has taken the message, and for room before that: backpressure for any goroutine.
func ExamplePut() {
	ctx, system, thread, end := begin()
	defer end()

	push := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Push, Bind: []string{"inproc://work"}}))
	soon, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	err := messages.Put(soon, system.Root, push, messages.Text("task"))
	fmt.Println("nobody takes it:", errors.Is(err, context.DeadlineExceeded))

	system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pull, Connect: []string{"inproc://work"}}))
	fmt.Println("somebody is there:", messages.Put(ctx, system.Root, push, messages.Text("task")))
	// Output:
	// nobody takes it: true
	// somebody is there: <nil>
}

// Many messages as one: their frames lie back to back.
func ExampleBatch() {
	b := messages.NewBatch()
	b.Append([]byte("weather"), []byte("rain"))
	b.Append([]byte("sports"), []byte("1:0"))
	for _, m := range b.Messages() {
		fmt.Println(len(m.Frames), m.Text())
	}
	for frame, last := range b.Frames() { // the same without allocating
		fmt.Printf("%s %v, ", frame, last)
	}
	b.Release() // optional: its memory goes to the next NewBatch
	// Output:
	// 2 weather rain
	// 2 sports 1:0
	// weather false, rain true, sports false, 1:0 true,
}

// A live command, and what a refusal looks like.
func ExampleCall() {
	ctx, system, thread, end := begin()
	defer end()

	pull := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Pull}))
	done, err := messages.Call(ctx, system.Root, pull, &messages.Bind{Endpoint: "inproc://here"})
	fmt.Println(done.(*messages.Done).Endpoint, err)

	_, err = messages.Call(ctx, system.Root, pull, &messages.Unbind{Endpoint: "inproc://elsewhere"})
	var refused *messages.Refused
	fmt.Println(errors.As(err, &refused), refused.Command, errors.Is(err, syscall.ENOENT))
	// Output:
	// inproc://here <nil>
	// true unbind true
}

// An answer that is given later, by somebody who is not asked: the request says where it belongs.
func ExampleReply() {
	ctx, system, thread, end := begin()
	defer end()

	asked := make(chan *messages.Message, 1)
	desk := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			asked <- m // no answer yet
		}
	}))
	rep := system.Root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Rep, Bind: []string{"inproc://service"}, Deliver: socket.To(desk)}))
	req := system.Root.Spawn(socket.Props(thread, socket.Config{Type: socket.Req, Connect: []string{"inproc://service"}}))

	go func() {
		request := <-asked
		system.Root.Send(rep, messages.Reply(request, messages.Text("in my own time")))
	}()
	reply, err := messages.Ask(ctx, system.Root, req, messages.Text("when?"))
	fmt.Println(reply.Text(), err)
	// Output: in my own time <nil>
}
