package zap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// endpoint is where libzmq looks for the handler of its context (RFC 27).
const endpoint = "inproc://zeromq.zap.01"

// Config of a handler. The zero value refuses everybody.
type Config struct {
	// Policy says who may connect.
	Policy Policy

	// Events gets Decided, Malformed and Reloaded. Default: nobody.
	Events *actor.PID

	// Deadline is how long Rules.Decide may take, its time in the queue included. Then the peer gets
	// status 300 and tries again. Default 5 s; libzmq ends a handshake after 30 s.
	Deadline time.Duration

	// Deciders is how many calls of Rules.Decide run at once, Queue how many requests wait for one of
	// them. What comes then gets status 300. Defaults 8 and 256.
	Deciders int
	Queue    int

	before func(*Request) // tests
}

// Validate finds what is wrong with c; the error is messages.ErrConfig.
func (c Config) Validate() error {
	if c.Deadline < 0 || c.Deciders < 0 || c.Queue < 0 {
		return fmt.Errorf("zap config: a negative Deadline, Deciders or Queue: %w", messages.ErrConfig)
	}
	return c.Policy.Validate()
}

func (c Config) withDefaults() Config {
	if c.Deadline == 0 {
		c.Deadline = 5 * time.Second
	}
	if c.Deciders == 0 {
		c.Deciders = 8
	}
	if c.Queue == 0 {
		c.Queue = 256
	}
	c.Policy = c.Policy.clone()
	return c
}

// Start spawns a handler for the ZeroMQ context of t, as a root actor, and returns when it answers. It
// fails with a *zmqthread.HeldError if the context has one already. Without a guardian in opts it is
// restarted after up to 100 ms, 200 ms, …, 5 s, without end.
func Start(ctx context.Context, t *zmqthread.Thread, cfg Config, opts ...actor.PropsOption) (*actor.PID, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	root := t.System().Root
	guardian := actor.WithGuardian(&supervision.Backoff{Decide: decide})
	pid := root.Spawn(Props(t, cfg, append([]actor.PropsOption{guardian}, opts...)...))
	if err := Ready(ctx, root, pid); err != nil {
		root.Stop(pid)
		return nil, fmt.Errorf("start a ZAP handler: %w", err)
	}
	return pid, nil
}

// Ready returns when the handler pid, which was spawned from Props, answers requests.
func Ready(ctx context.Context, sender actor.SenderContext, pid *actor.PID) error {
	a, err := messages.Call(ctx, sender, pid, askParts{})
	if err != nil {
		return err
	}
	_, err = socket.Endpoints(ctx, sender, a.(*parts).socket)
	return err
}

// Props returns the props of a handler for the ZeroMQ context of t. It has two children: "socket" and
// "decider". If one of them cannot be kept up, the handler fails with the reason, and its own supervisor
// decides. Each spawn has its own policy, which restarts keep.
//
// Spawn it before the sockets that need it; see Ready. Who asks a handler with a wrong Config gets the
// error.
func Props(t *zmqthread.Thread, cfg Config, opts ...actor.PropsOption) *actor.Props {
	wrong := cfg.Validate()
	cfg = cfg.withDefaults()
	p := actor.PropsFromProducer(nil, actor.WithSupervisor(keepUp()))
	p.Configure(opts...)
	spawn := func(system *actor.ActorSystem, id string, props *actor.Props, parent actor.SpawnerContext) (*actor.PID, error) {
		s := newState(t, cfg)
		return actor.DefaultSpawner(system, id, props.Clone(
			actor.WithSpawnFunc(nil),
			actor.WithProducer(func() actor.Actor { return &handler{state: s, wrong: wrong} })), parent)
	}
	return p.Configure(actor.WithSpawnFunc(spawn))
}

// keepUp restarts the children, soon: while one is down nobody gets in.
func keepUp() actor.SupervisorStrategy {
	return &supervision.Backoff{Min: 10 * time.Millisecond, Max: time.Second, Retries: 20, Window: time.Minute, Decide: decide}
}

// decide does not fight with another handler in the context.
func decide(reason any) actor.Directive {
	var held *zmqthread.HeldError
	if err, ok := reason.(error); ok && errors.As(err, &held) {
		return actor.StopDirective
	}
	return supervision.Decide(reason)
}

// handler keeps the other two. It does nothing that could fail.
type handler struct {
	*state
	wrong error
	parts parts

	ending bool // and its parts with it
}

type (
	askParts struct{}
	parts    struct{ socket, decider *actor.PID }
)

// Receive runs on the actor's goroutine, as any actor's does.
func (h *handler) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		h.ending = false
		if h.wrong == nil {
			h.spawn(c)
		}
	case askParts:
		h.answer(c, &h.parts)
	case *Reload, AskCounts, *AskCounts:
		if h.wrong != nil {
			h.answer(c, nil)
			return
		}
		c.Forward(h.parts.decider)
	case *actor.Stopping, *actor.Restarting:
		h.ending = true
	case *actor.Terminated:
		if !h.ending { // by itself
			h.lost(c, m.Who)
		}
	}
}

// answer answers with the parts, or with what is wrong.
func (h *handler) answer(c actor.Context, parts any) {
	switch {
	case c.Sender() == nil:
	case h.wrong != nil:
		c.Respond(h.wrong)
	default:
		c.Respond(parts)
	}
}

func (h *handler) spawn(c actor.Context) {
	h.self = c.Self()
	h.parts.decider = h.child(c, "decider", actor.PropsFromProducer(func() actor.Actor { return &decider{h.state} }))
	h.parts.socket = h.child(c, "socket", socket.Props(h.thread, socket.Config{
		Type: socket.Rep, Bind: []string{endpoint}, Deliver: socket.To(h.parts.decider),
		MaxMessage: maxRequest, NoMonitor: true, ReplyTimeout: h.cfg.Deadline + 30*time.Second}))
}

func (h *handler) child(c actor.Context, name string, p *actor.Props) *actor.PID {
	pid, err := c.SpawnNamed(p, name)
	if err != nil {
		panic(fmt.Errorf("zap: spawn %s: %w", name, err))
	}
	return pid
}

// lost fails the handler when its supervision has given one of the two up.
func (h *handler) lost(c actor.Context, who *actor.PID) {
	err := fmt.Errorf("zap: %s has stopped", who.Id)
	if who.Equal(h.parts.socket) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if why := socket.Reason(ctx, c.ActorSystem().Root, who); why != nil {
			err = fmt.Errorf("zap: the socket has stopped: %w", why)
		}
	}
	if supervisor, ok := c.(actor.Supervisor); ok {
		supervisor.EscalateFailure(err, c.Message())
		return
	}
	panic(err)
}
