package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

const (
	clients = 6
	viewers = 12
	workers = 8
	shelf   = 250 // sockets of the crowd below one parent
)

// member is a child of a family to be: a socket, or a family of its own. Sent to a family it is spawned, and answered
// with its PID, or with an error.
type member struct {
	name string
	cfg  socket.Config
	kids []member // of a family
}

// family is an ordinary actor whose children are sockets.
type family struct {
	thread *zmqthread.Thread
	kids   []member
	up     chan error // told when all are spawned; nil: nobody is
}

func (f *family) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		var err error
		for _, kid := range f.kids {
			_, e := f.spawn(c, kid)
			err = errors.Join(err, e)
		}
		if f.up != nil {
			f.up <- err
		}
	case member:
		pid, err := f.spawn(c, m)
		if err != nil {
			c.Respond(err)
			return
		}
		c.Respond(pid)
	}
}

func (f *family) spawn(c actor.Context, m member) (*actor.PID, error) {
	if m.kids != nil {
		below := &family{thread: f.thread, kids: m.kids}
		return c.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return below }, actor.WithSupervisor(calm())), m.name)
	}
	return c.SpawnNamed(socket.Props(f.thread, m.cfg), m.name)
}

// calm restarts slowly enough for somebody to see it.
func calm() actor.SupervisorStrategy {
	return &supervision.Backoff{Min: 4 * time.Second, Max: 8 * time.Second}
}

// errForGood is a failure that the lab does not restart.
var errForGood = errors.New("burnt out: no restart will mend it")

func decide(reason any) actor.Directive {
	if err, ok := reason.(error); ok && errors.Is(err, errForGood) {
		return actor.StopDirective
	}
	return supervision.Decide(reason)
}

// household spawns a family and returns when it has its children.
func (w *world) household(name string, on *zmqthread.Thread, strategy actor.SupervisorStrategy, kids ...member) (*actor.PID, error) {
	f := &family{thread: on, kids: kids, up: make(chan error, 1)}
	pid, err := w.system.Root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return f }, actor.WithSupervisor(strategy)), name)
	if err != nil {
		return nil, err
	}
	w.parents = append(w.parents, pid)
	return pid, <-f.up
}

// people spawns everybody. A child connects to where another will be, before or after that is there.
func (w *world) people() (err error) {
	shop := []member{{name: "desk", cfg: socket.Config{Type: socket.Rep, Bind: []string{"inproc://desk"}, Deliver: socket.To(w.sink(answer))}}}
	for n := range clients {
		shop = append(shop, member{name: fmt.Sprintf("client-%d", n+1), cfg: socket.Config{Type: socket.Req, Connect: []string{"inproc://desk"}, ReplyTimeout: time.Second}})
	}
	if w.shop, err = w.household("shop", w.front, calm(), shop...); err != nil {
		return err
	}
	if w.market, err = w.household("market", w.front, calm(), member{name: "ticker", cfg: socket.Config{Type: socket.Pub, Bind: []string{"tcp://127.0.0.1:*"}}}); err != nil {
		return err
	}
	for n := range viewers {
		if err := w.join(w.market, w.viewer(n)); err != nil {
			return err
		}
	}
	mill := []member{
		{name: "source", cfg: socket.Config{Type: socket.Push, Bind: []string{"inproc://grain"}}},
		{name: "feeder", cfg: socket.Config{Type: socket.Push, Bind: []string{"inproc://press"}, Outbox: socket.Limit{Messages: 1000}, Overflow: socket.DropOldest, Options: socket.Options{SendHWM: 50}}},
		{name: "press", cfg: socket.Config{Type: socket.Pull, Connect: []string{"inproc://press"}, Window: 32, Deliver: socket.To(w.press()), Options: socket.Options{RecvHWM: 50}}},
	}
	for n := range workers {
		mill = append(mill, member{name: fmt.Sprintf("worker-%d", n+1), cfg: socket.Config{Type: socket.Pull, Connect: []string{"inproc://grain"}, Deliver: socket.To(w.sink(ignore))}})
	}
	if w.mill, err = w.household("mill", w.back, calm(), mill...); err != nil {
		return err
	}
	breaker := &supervision.Breaker{Failures: 3, Window: 30 * time.Second, Open: 8 * time.Second, Decide: decide,
		Then: &supervision.Backoff{Min: 50 * time.Millisecond, Max: 100 * time.Millisecond, Decide: decide}}
	if w.lab, err = w.household("lab", w.back, breaker, member{name: "fuse", cfg: socket.Config{Type: socket.Pair, Bind: []string{"tcp://127.0.0.1:*"}}}); err != nil {
		return err
	}
	return w.throng()
}

// throng spawns those that do nothing but be many.
func (w *world) throng() error {
	var shelves []member
	for n := range w.crowd {
		if n%shelf == 0 {
			shelves = append(shelves, member{name: fmt.Sprintf("shelf-%d", len(shelves)+1)})
		}
		s := &shelves[len(shelves)-1]
		s.kids = append(s.kids, member{name: fmt.Sprintf("box-%d", n%shelf+1), cfg: socket.Config{Type: socket.Dealer, NoMonitor: true}})
	}
	if shelves == nil {
		return nil
	}
	_, err := w.household("crowd", w.back, calm(), shelves...)
	return err
}

func (w *world) count() int { return 1 + clients + 1 + viewers + 3 + workers + 1 + w.crowd }

// viewer subscribes to one of the symbols, and comes to where the ticker is.
func (w *world) viewer(n int) member {
	return member{name: fmt.Sprintf("viewer-%d", n+1), cfg: socket.Config{Type: socket.Sub, Connect: w.ticker(), Subscribe: []string{symbols[n%len(symbols)]}, Deliver: socket.To(w.sink(ignore))}}
}

// join has a family spawn somebody.
func (w *world) join(parent *actor.PID, m member) error {
	r, err := w.system.Root.RequestFuture(parent, m, patience).Result()
	if e, ok := r.(error); ok && err == nil {
		err = e
	}
	return err
}

// sink is an ordinary actor that gets what a socket receives.
func (w *world) sink(f actor.ReceiveFunc) *actor.PID {
	pid := w.system.Root.Spawn(actor.PropsFromFunc(f))
	w.sinks = append(w.sinks, pid)
	return pid
}

func ignore(actor.Context) {}

func answer(c actor.Context) {
	if m, ok := c.Message().(*messages.Message); ok {
		c.Respond(messages.Text(strings.ToUpper(m.Text())))
	}
}
