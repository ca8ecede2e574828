package main

import (
	"context"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// proxy is a parent and its children: two sockets and a forwarder for each direction, and perhaps a
// socket that gets copies.
//
//	frontend → ahead → backend      requests, or what is published
//	frontend ← home  ← backend      replies, or subscriptions
type proxy struct {
	thread  *zmqthread.Thread
	front   socket.Config // Router, or XSub
	back    socket.Config // Dealer, or XPub
	capture socket.Config // Push or Pub. Without endpoints there is none

	parent, frontend, backend, watcher, ahead, home *actor.PID
}

// spawn returns when all are spawned. Not all sockets need be open then.
func (p *proxy) spawn(system *actor.ActorSystem, name string) error {
	pid := func(child string) *actor.PID { return system.NewLocalPID(name + "/" + child) }
	p.frontend, p.backend, p.ahead, p.home = pid("frontend"), pid("backend"), pid("ahead"), pid("home")
	if len(p.capture.Bind)+len(p.capture.Connect) > 0 {
		p.watcher = pid("capture")
	}
	restart := &supervision.Backoff{Min: 20 * time.Millisecond, Max: time.Second}
	up := make(chan error, 1)
	var err error
	p.parent, err = system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			up <- p.children(c)
		}
	}, actor.WithSupervisor(restart)), name)
	if err != nil {
		return err
	}
	return <-up
}

func (p *proxy) children(c actor.Context) error {
	p.front.Deliver, p.back.Deliver = socket.To(p.ahead), socket.To(p.home)
	p.front.OnDead, p.back.OnDead = socket.HoldBack, socket.HoldBack
	if p.front.Type == socket.Router && p.front.MuteTimeout == 0 {
		p.front.MuteTimeout = time.Second // then the replies to a client that takes none are given up
	}
	if p.back.Type == socket.XPub {
		p.back.Options.DropSlow = true // a subscriber that is slow misses something; the others do not wait
	}
	p.capture.Overflow = socket.DropNewest // and so does who watches; this is counted
	ahead := &forward{to: p.backend, copies: p.watcher, waits: true}
	home := &forward{to: p.frontend, copies: p.watcher, subscribes: p.back.Type == socket.XPub, topics: map[string]bool{}}
	children := []child{
		{p.ahead, actor.PropsFromProducer(func() actor.Actor { return ahead })},
		{p.home, actor.PropsFromProducer(func() actor.Actor { return home })},
		{p.frontend, socket.Props(p.thread, p.front)},
		{p.backend, socket.Props(p.thread, p.back)},
	}
	if p.watcher != nil {
		children = append(children, child{p.watcher, socket.Props(p.thread, p.capture)})
	}
	for _, x := range children {
		if _, err := c.SpawnNamed(x.props, x.pid.Id[len(c.Self().Id)+1:]); err != nil {
			return fmt.Errorf("spawn %s: %w", x.pid.Id, err)
		}
	}
	return nil
}

type child struct {
	pid   *actor.PID
	props *actor.Props
}

// pause has nothing more pass from the frontend to the backend: it waits in ZeroMQ, and those who send it
// feel that. What comes home still does. When pause returns, all that was let in before has gone on.
func (p *proxy) pause(ctx context.Context, root *actor.RootContext) error {
	if _, err := messages.Call(ctx, root, p.frontend, &socket.Detach{PID: p.ahead}); err != nil {
		return err
	}
	_, err := p.statistics(ctx, root)
	return err
}

// resume ends a pause.
func (p *proxy) resume(ctx context.Context, root *actor.RootContext) error {
	_, err := messages.Call(ctx, root, p.frontend, &socket.Attach{PID: p.ahead})
	return err
}

// statistics are what ahead and home have done, in this order.
func (p *proxy) statistics(ctx context.Context, root *actor.RootContext) (all [2]counts, err error) {
	for i, pid := range []*actor.PID{p.ahead, p.home} {
		n, err := messages.Call(ctx, root, pid, howMany{})
		if err != nil {
			return all, err
		}
		all[i] = n.(counts)
	}
	return all, nil
}
