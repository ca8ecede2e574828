package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// client asks the server that has answered last, and when it does not, the other, in turn. One goroutine at
// a time may use it.
type client struct {
	root     *actor.RootContext
	servers  [2]*actor.PID // Req sockets
	patience time.Duration // with each try
	tries    int
	at       int // which server has answered last
	failures int // how often it has turned to the other
}

// ErrNobody is when neither server has answered, for so many tries.
var ErrNobody = errors.New("neither server answers")

// newClient returns a client of two servers, which spawns its sockets.
func newClient(root *actor.RootContext, t *zmqthread.Thread, patience time.Duration, tries int, first, second string) *client {
	k := &client{root: root, patience: patience, tries: tries}
	for i, at := range []string{first, second} {
		k.servers[i] = root.Spawn(socket.Props(t, socket.Config{Type: socket.Req, Connect: []string{at},
			Options: socket.Options{ReconnectInterval: 20 * time.Millisecond, ReconnectMax: 200 * time.Millisecond}}))
	}
	return k
}

// ask returns the reply to m, which may have been served more than once.
func (k *client) ask(ctx context.Context, m *messages.Message) (*messages.Message, error) {
	for range k.tries {
		try, cancel := context.WithTimeout(ctx, k.patience)
		reply, err := messages.Ask(try, k.root, k.servers[k.at], m)
		cancel()
		switch {
		case err == nil:
			return reply, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !errors.Is(err, context.DeadlineExceeded):
			return nil, err
		}
		k.at = 1 - k.at
		k.failures++
	}
	return nil, fmt.Errorf("%w: %d tries", ErrNobody, k.tries)
}
