package main

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// newServer are the props of an FLP server at a public endpoint, by which clients know it. It binds to
// where that is to be found, "tcp://*:5555" for one; do returns the body of the reply to a request's. Its
// ROUTER is its child.
func newServer(t *zmqthread.Thread, bind, public string, do func(body [][]byte) [][]byte) *actor.Props {
	var router *actor.PID
	return actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *actor.Started:
			router = c.Spawn(socket.Props(t, socket.Config{Type: socket.Router, Bind: []string{bind}, Deliver: socket.To(c.Self()),
				MuteTimeout: time.Second, Options: socket.Options{Identity: public}}))
		case *messages.Message:
			// Not Body, which leaves out what looks like the envelope of a REQ: the control frame may.
			cmd, err := decodeCommand(m.Frames[1:])
			switch {
			case err != nil: // not FLP: no answer
			case cmd.body == nil:
				c.Send(router, messages.Bytes(m.Frames[0], pong))
			default:
				answer := append([][]byte{m.Frames[0], cmd.control}, do(cmd.body)...)
				c.Send(router, messages.Bytes(answer...))
			}
		}
	}, actor.WithSupervisor(&supervision.Backoff{Min: 20 * time.Millisecond, Max: time.Second}))
}
