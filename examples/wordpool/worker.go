package main

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// worker is an ordinary actor that counts. The socket that brings it work is its child: when the
// worker is restarted, Proto.Actor stops the child first, and what it had received is lost with it.
type worker struct {
	thread *zmqthread.Thread
	client []string // endpoints
	faulty actor.PropsOption
}

func (w *worker) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		c.Spawn(socket.Props(w.thread, socket.Config{
			Type: socket.Rep, Connect: w.client, Deliver: socket.To(c.Self())}, w.faulty))
	case *messages.Message:
		var sum counts
		for _, frame := range m.Body() {
			sum.add(count(frame))
		}
		c.Respond(sum.reply())
	}
}
