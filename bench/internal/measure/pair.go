package measure

import (
	"context"
	"errors"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// Pair is a REQ and a REP on one thread, connected over tcp, with an actor that answers each request
// with itself.
type Pair struct {
	Req, Rep *actor.PID
	root     *actor.RootContext
	request  *messages.Message
}

// NewPair opens a pair whose requests have so many bytes, and makes one round trip.
func NewPair(ctx context.Context, thread *zmqthread.Thread, size int, options socket.Options) (*Pair, error) {
	root := thread.System().Root
	echo := root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(m)
		}
	}))
	rep := root.Spawn(socket.Props(thread, socket.Config{
		Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(echo), Options: options}))
	at, err := socket.Endpoints(ctx, root, rep)
	if err != nil {
		return nil, err
	}
	req := root.Spawn(socket.Props(thread, socket.Config{Type: socket.Req, Connect: at, Options: options}))
	p := &Pair{Req: req, Rep: rep, root: root, request: messages.Bytes(make([]byte, size))}
	return p, p.Trip(ctx)
}

// Trip is one round trip.
func (p *Pair) Trip(ctx context.Context) error {
	reply, err := messages.Ask(ctx, p.root, p.Req, p.request)
	if err == nil && reply.Size() != p.request.Size() {
		return errors.New("the reply is not the request")
	}
	return err
}
