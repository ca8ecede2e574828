// Package client has the clients of a Majordomo broker: [Caller] for MDP 0.1 (RFC 7), [Streamer] for
// MDP 0.2 (RFC 18). Both are lazy pirates: they ask again, on another socket, when no reply comes.
package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// Config of a client.
type Config struct {
	System  *actor.ActorSystem
	Thread  *zmqthread.Thread
	Broker  string        // endpoint
	Timeout time.Duration // of each try. Default 2.5 s
	Retries int           // after the first try. Default 3; < 0: none
}

// ErrNoReply is the error of a request that was tried often enough.
var ErrNoReply = errors.New("no reply from the broker")

func (cfg Config) withDefaults() Config {
	if cfg.Timeout == 0 {
		cfg.Timeout = 2500 * time.Millisecond
	}
	if cfg.Retries == 0 {
		cfg.Retries = 3
	}
	cfg.Retries = max(cfg.Retries, 0)
	return cfg
}

// Caller asks one request at a time over a REQ, in MDP 0.1. That it is sent again is the socket's doing. One
// goroutine at a time may use it.
type Caller struct {
	Config
	req *actor.PID
}

// NewCaller opens a Caller.
func NewCaller(cfg Config) *Caller {
	c := &Caller{Config: cfg.withDefaults()}
	c.open()
	return c
}

func (c *Caller) open() {
	c.req = c.System.Root.Spawn(socket.Props(c.Thread, socket.Config{Type: socket.Req, Connect: []string{c.Broker},
		ReplyTimeout: c.Timeout, Retries: c.Retries,
		// Without a number in the envelope, which is not in the RFC: not every broker lets it pass.
		Options: socket.Options{NoCorrelate: true, ReconnectInterval: 20 * time.Millisecond}},
		actor.WithGuardian(&supervision.Backoff{Min: 10 * time.Millisecond, Max: 50 * time.Millisecond})))
}

// Call returns the reply of a service. The error is ErrNoReply when all tries were in vain, a
// *mdp.MalformedError, or one of messages.Ask. The request may have been carried out more than once.
func (c *Caller) Call(ctx context.Context, service string, body ...[]byte) ([][]byte, error) {
	m := mdp.Command{Version: mdp.V1, Role: mdp.Client, Kind: mdp.Request, Service: service, Body: body}
	answer, err := messages.Ask(ctx, c.System.Root, c.req, messages.Bytes(m.Frames()[1:]...)) // the REQ puts the empty frame there
	if err != nil {
		// A strict REQ whose reply did not come sends nothing more.
		c.Close()
		c.open()
		if errors.Is(err, messages.ErrTimedOut) {
			err = fmt.Errorf("%w: %w", ErrNoReply, err)
		}
		return nil, fmt.Errorf("call %s: %w", service, err)
	}
	if m, err = mdp.FromBroker(append([][]byte{{}}, answer.Frames...)); err != nil {
		return nil, fmt.Errorf("call %s: %w", service, err)
	}
	if m.Role != mdp.Client || m.Service != service {
		return nil, fmt.Errorf("call %s: a reply of %q", service, m.Service)
	}
	return m.Body, nil
}

// Close closes the socket.
func (c *Caller) Close() { c.System.Root.Stop(c.req) }
