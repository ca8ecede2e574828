package main

import (
	"context"
	"errors"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/bench/internal/measure"
	"github.com/sockeye-mq/sockeye/messages"
)

// sockeyeTrips is a goroutine that calls messages.Ask, and in the other process an actor that answers
// each request with itself.
type sockeyeTrips struct {
	*sockeye
	pid *actor.PID
}

func newSockeyeTrips() (asker, error) {
	o, err := openSockeye(oneByOne, false)
	return &sockeyeTrips{sockeye: o}, err
}

func (o *sockeyeTrips) serve(at string, bound func(string)) error {
	echo := o.root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(m)
		}
	}))
	o.pid = o.open(socket.Config{Type: socket.Rep, Bind: []string{at}, Deliver: socket.To(echo)})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ends, err := socket.Endpoints(ctx, o.root, o.pid)
	if err == nil {
		bound(ends[0])
	}
	return err
}

func (o *sockeyeTrips) ask(at string, t *journey) error {
	o.pid = o.open(socket.Config{Type: socket.Req, Connect: []string{at}})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return t.each(func(request []byte) ([]byte, error) {
		reply, err := messages.Ask(ctx, o.root, o.pid, messages.Bytes(request))
		if err != nil {
			return nil, err
		}
		return reply.Body()[0], nil
	})
}

func (o *sockeyeTrips) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := measure.Balanced(ctx, o.root, o.pid)
	return errors.Join(err, o.thread.Shutdown(ctx))
}
