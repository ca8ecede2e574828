package main

import (
	"fmt"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// group is a proxy: its parent, whose children are a ROUTER for clients, a DEALER for workers, and the
// relay between them.
//
//	clients → frontend → relay → backend → workers
type group struct {
	thread *zmqthread.Thread
	events *actor.PID // gets those of both sockets

	parent, frontend, backend, relay *actor.PID

	mu           sync.Mutex
	incarnations map[string]int // guarded by mu: by name
}

// spawn returns when all are spawned. Not both sockets need be open then.
func (g *group) spawn(system *actor.ActorSystem, name string, s actor.SupervisorStrategy) error {
	pid := func(child string) *actor.PID { return system.NewLocalPID(name + "/" + child) }
	g.frontend, g.backend, g.relay = pid("frontend"), pid("backend"), pid("relay")
	up := make(chan error, 1)
	var err error
	g.parent, err = system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			up <- g.children(c)
		}
	}, actor.WithSupervisor(s)), name)
	if err != nil {
		return err
	}
	return <-up
}

func (g *group) children(c actor.Context) error {
	wild := []string{"tcp://127.0.0.1:*"}
	for _, child := range []struct {
		name  string
		props *actor.Props
	}{
		{"relay", actor.PropsFromProducer(func() actor.Actor {
			return &relay{frontend: g.frontend, backend: g.backend, open: map[string]bool{}}
		}, g.counted("relay"))},
		{"frontend", socket.Props(g.thread, socket.Config{Type: socket.Router, Bind: wild,
			Deliver: socket.To(g.relay), Events: g.events}, g.counted("frontend"))},
		{"backend", socket.Props(g.thread, socket.Config{Type: socket.Dealer, Bind: wild,
			Deliver: socket.To(g.relay), Events: g.events}, g.counted("backend"))},
	} {
		if _, err := c.SpawnNamed(child.props, child.name); err != nil {
			return err
		}
	}
	return nil
}

// counted counts the incarnations of the actor it is given to.
func (g *group) counted(name string) actor.PropsOption {
	return actor.WithReceiverMiddleware(func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(c actor.ReceiverContext, e *actor.MessageEnvelope) {
			if _, ok := e.Message.(*actor.Started); ok {
				g.mu.Lock()
				g.incarnations[name]++
				g.mu.Unlock()
			}
			next(c, e)
		}
	})
}

// became says which incarnation of a child there is now.
func (g *group) became(name string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := g.incarnations[name]; n > 1 {
		return fmt.Sprintf("incarnation %d", n)
	}
	return "goes on"
}

// relay passes requests on to the backend and answers to the frontend, and knows which requests have no
// answer yet. A relay that allowed only so many at a time would sooner or later allow none, if it went
// on to wait for those that the backend has lost.
type relay struct {
	frontend, backend *actor.PID
	open              map[string]bool // by envelope: which client asked, and which of its requests it is
}

// howManyOpen is for the relay. Answered with an int.
type howManyOpen struct{}

func (r *relay) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *messages.Message:
		envelope := string(m.Frames[0]) + string(m.Frames[1])
		if m.Envelope > 0 { // a ROUTER delivers messages with where they came from
			r.open[envelope] = true
			c.Send(r.backend, messages.Bytes(m.Frames...))
			return
		}
		delete(r.open, envelope)
		c.Send(r.frontend, messages.Bytes(m.Frames...))
	case howManyOpen:
		c.Respond(len(r.open))
	}
}
