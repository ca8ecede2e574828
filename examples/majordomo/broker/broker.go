// Package broker is a Majordomo broker as an actor: services by name, MDP 0.1 and 0.2 side by side on one
// ROUTER, heartbeats, and mmi.service (RFC 7, RFC 18, RFC 8).
//
// A worker that crashes, hangs or is cut off loses its request to another one, up to three times. When the
// broker itself crashes, its supervisor brings it back at the same endpoint. It knows nobody then: its
// workers are told to come back, or find it silent, and its clients ask again.
package broker

import (
	"context"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/examples/majordomo/mdp"
	"github.com/sockeye-mq/sockeye/examples/majordomo/pulse"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// Config of a broker.
type Config struct {
	Thread    *zmqthread.Thread
	Bind      string        // default "tcp://127.0.0.1:*"
	Heartbeat time.Duration // between two, both ways; after three without one a worker is gone. Default 2.5 s
	Expiry    time.Duration // of a request that finds no worker. Default 1 min
}

// Bounds of what peers can make a broker keep.
const (
	maxWorkers  = 1000
	maxServices = 1000
	maxWaiting  = 1000    // requests, all services together
	maxTries    = 3       // of a request that its workers do not survive
	maxParts    = 1 << 20 // bytes of partial replies, for a client that wants one reply
	liveness    = 3
)

// Counts is what a broker has seen. It outlives a crash of its broker.
type Counts struct {
	Requests, Partials, Replies int
	Internal                    int // requests for mmi services
	Expired, Gone               int // workers: silent for too long; disconnected, or unknown to ZeroMQ
	Again                       int // requests that were given to another worker for that
	Disconnected                int // DISCONNECT commands sent
	Dropped                     int // requests: too many, too old, or tried too often
	Malformed                   int
}

// What a broker is asked, with messages.Call.
type (
	Where   struct{}                // answered with the endpoint, a string, once it is bound
	HowMany struct{}                // answered with Counts
	Crash   struct{ Reason string } // a bug in the broker
)

// broker is the actor. Its ROUTER is its child.
type broker struct {
	Config
	router   *actor.PID
	pulse    pulse.Pulse
	workers  map[string]*worker
	services map[string]*service
	waiting  int // requests, in all services
	counts   Counts
}

// Props are those of a broker, which is supervised by itself, so to say: whatever fails in it comes back.
func Props(cfg Config) *actor.Props {
	if cfg.Bind == "" {
		cfg.Bind = "tcp://127.0.0.1:*"
	}
	if cfg.Heartbeat == 0 {
		cfg.Heartbeat = 2500 * time.Millisecond
	}
	if cfg.Expiry == 0 {
		cfg.Expiry = time.Minute
	}
	b := &broker{Config: cfg} // for all incarnations
	quick := &supervision.Backoff{Min: 10 * time.Millisecond, Max: 100 * time.Millisecond}
	return actor.PropsFromProducer(func() actor.Actor { return b }, actor.WithSupervisor(quick), actor.WithGuardian(quick))
}

// Receive implements actor.Actor.
func (b *broker) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		b.workers, b.services, b.waiting = map[string]*worker{}, map[string]*service{}, 0
		b.open(c)
		b.pulse = pulse.Pulse{}
		b.pulse.Start(c, b.Heartbeat)
	case *actor.Stopping, *actor.Restarting:
		b.pulse.Stop()
	case pulse.Tick:
		if late, ok := b.pulse.Take(c, m); ok {
			b.tend(c, time.Now().Add(-late))
		}
	case *messages.Message:
		b.take(c, string(m.Frames[0]), m.Frames[1:])
	case *messages.Rejected: // of what was for a worker
		if f := m.Message.GetFrames(); len(f) > 0 {
			b.lose(c, b.workers[string(f[0])], &b.counts.Gone)
		}
	case Where:
		c.Respond(b.Bind)
	case HowMany:
		c.Respond(b.counts)
	case Crash:
		panic(m.Reason)
	}
}

// open returns when the ROUTER is bound.
func (b *broker) open(c actor.Context) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	pid, err := c.SpawnNamed(socket.Props(b.Thread, socket.Config{Type: socket.Router, Bind: []string{b.Bind}, Deliver: socket.To(c.Self())}), "router")
	var at []string
	if err == nil {
		at, err = socket.Endpoints(ctx, c, pid)
	}
	if err != nil {
		panic(err) // again, after a pause
	}
	b.router, b.Bind = pid, at[0] // the same ever after
}

// take takes whatever a peer has sent.
func (b *broker) take(c actor.Context, id string, frames [][]byte) {
	m, err := mdp.ToBroker(frames)
	switch {
	case err != nil:
		b.counts.Malformed++
		b.dismiss(c, b.workers[id]) // a worker that talks nonsense is none
	case m.Role == mdp.Client:
		b.request(c, id, m)
	default:
		b.heard(c, id, m)
	}
}

// send sends a command to a worker. What cannot be sent comes back as Rejected.
func (b *broker) send(c actor.Context, id string, m mdp.Command) {
	m.Role = mdp.Worker
	c.Request(b.router, messages.Bytes(append([][]byte{[]byte(id)}, m.Frames()...)...))
}
