// Pingpong is zmq-async's quick start, twice: one socket that Sockeye opens for you, one that you
// have made yourself, each behind channels, over inproc.
//
//	go run ./examples/pingpong
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(out io.Writer) error {
	system := actor.NewActorSystem()
	if err := easy(system, out); err != nil {
		return fmt.Errorf("easy: %w", err)
	}
	if err := simple(system, out); err != nil {
		return fmt.Errorf("simple: %w", err)
	}
	return nil
}

// easy: say what you want, get it behind your channels.
func easy(system *actor.ActorSystem, out io.Writer) error {
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	defer shutdown(thread)

	requests, answers := make(chan *messages.Message), make(chan *messages.Message)
	pings, pongs := make(chan *messages.Message), make(chan *messages.Message)
	if _, err := actors.Splice(system, thread,
		socket.Config{Type: socket.Rep, Bind: []string{"inproc://ping-pong"}}, answers, requests); err != nil {
		return err
	}
	if _, err := actors.Splice(system, thread,
		socket.Config{Type: socket.Req, Connect: []string{"inproc://ping-pong"}}, pings, pongs); err != nil {
		return err
	}
	go serve(requests, answers)
	rally(out, "easy", pings, pongs)
	return nil
}

// simple: sockets that you have made, configured and bound, in a context of your own.
func simple(system *actor.ActorSystem, out io.Writer) error {
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	ctx, err := zmq4.NewContext()
	if err != nil {
		return err
	}
	defer ctx.Term() // after the thread has closed the sockets
	defer shutdown(thread)

	server, err := ctx.NewSocket(zmq4.PAIR)
	if err != nil {
		return err
	}
	if err := server.Bind("inproc://ping-pong"); err != nil {
		return err
	}
	client, err := ctx.NewSocket(zmq4.PAIR)
	if err != nil {
		return err
	}
	if err := client.Connect("inproc://ping-pong"); err != nil {
		return err
	}

	// The server is an actor that answers; the client goes behind channels.
	upper := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(answer(m))
		}
	}))
	system.Root.Spawn(socket.Adopt(thread, server, socket.Config{Deliver: socket.To(upper)}))
	pings, pongs := make(chan *messages.Message), make(chan *messages.Message)
	if _, err := actors.SpliceAdopted(system, thread, client, socket.Config{}, pings, pongs); err != nil {
		return err
	}
	rally(out, "simple", pings, pongs)
	return nil
}

func serve(requests <-chan *messages.Message, answers chan<- *messages.Message) {
	for m := range requests {
		answers <- answer(m)
	}
	close(answers)
}

func answer(ping *messages.Message) *messages.Message {
	return messages.Text("pong " + ping.Text())
}

// rally plays, then closes its side: that flushes and closes the socket, which closes pongs.
func rally(out io.Writer, name string, pings chan<- *messages.Message, pongs <-chan *messages.Message) {
	for i := range 3 {
		pings <- messages.Text(fmt.Sprint(i))
		fmt.Fprintln(out, name, (<-pongs).Text())
	}
	close(pings)
	for range pongs {
	}
}

func shutdown(thread *zmqthread.Thread) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := thread.Shutdown(ctx); err != nil {
		log.Print(err)
	}
}
