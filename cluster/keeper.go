package cluster

import (
	"context"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/cluster/internal/registry"
)

// keeper is one incarnation.
type keeper struct{ *keeping }

// What a keeper tells itself.
type (
	turned struct {
		of *registry.Claim
		registry.Status
	}
	resigned struct{ of *registry.Claim }
	again    struct{}
	leave    struct{}
)

// Receive implements actor.Actor.
func (k *keeper) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		k.start(c)
	case *turned:
		if m.of == k.claim {
			k.turn(c, m.Status)
		}
	case *actor.Terminated:
		k.childGone(c, m.Who)
	case *resigned:
		if m.of == k.claim {
			k.claim = nil
			k.retry(c)
		}
	case *again:
		k.contend(c)
	case *leave:
		k.leave(c)
	case *actor.Stopping:
		k.front.lead(nil)
		k.tellLost(nil)
	case *actor.Stopped:
		k.end()
	}
}

func (k *keeper) start(c actor.Context) {
	if !k.cluster.keeps(k.keeping) {
		c.Stop(c.Self())
		return
	}
	k.contend(c)
}

// contend claims the name.
func (k *keeper) contend(c actor.Context) {
	if k.claim != nil || k.leaving {
		return
	}
	root, self := c.ActorSystem().Root, c.Self()
	var claim *registry.Claim
	ready := make(chan struct{})
	claim, err := k.cluster.registry.Claim(k.name, func(s registry.Status) {
		<-ready
		root.Send(self, &turned{claim, s})
	})
	close(ready)
	if err != nil { // another keeper has it, or the cluster was left
		c.Logger().Error("sockeye: cannot claim a name", "name", k.name, "error", err)
		k.claim = nil
		k.retry(c)
		return
	}
	k.claim, k.given = claim, false
	if k.child != nil { // of the incarnation before, which has failed
		c.Stop(k.child)
	}
}

// retry claims the name again after a pause.
func (k *keeper) retry(c actor.Context) {
	if k.leaving {
		c.Stop(c.Self())
		return
	}
	k.pause = min(max(2*k.pause, time.Second), 30*time.Second)
	root, self := c.ActorSystem().Root, c.Self()
	time.AfterFunc(k.pause, func() { root.Send(self, &again{}) })
}

// turn is told that the name is owned here, or not any more.
func (k *keeper) turn(c actor.Context, s registry.Status) {
	k.log(c).Info("sockeye: name", "owning", s.Owning, "token", s.Token, "error", s.Err)
	if !s.Owning {
		k.tellLost(s.Err)
		k.dismiss(c, false)
		return
	}
	if k.owning && k.token == s.Token || k.leaving {
		return
	}
	k.tellLost(nil) // of a loss that was not told in time
	k.owning, k.token = true, s.Token
	if k.child == nil {
		k.open(c) // who is told may ask at once
	} else {
		k.dismiss(c, false) // it had another token: when it is gone there will be one with this
	}
	k.tell(&Owning{k.name, k.token})
}

// open spawns the socket.
func (k *keeper) open(c actor.Context) {
	cfg := k.cfg
	gate, claim, token := cfg.Gate, k.claim, k.token
	cfg.Gate = func() bool { return claim.Holds() && claim.Token() == token && (gate == nil || gate()) }
	base := cfg.Resolver
	if base == nil {
		base = resolver{k.cluster}
	}
	cfg.Resolver = announcer{base, k.keeping, claim, token}
	k.child = c.Spawn(socket.Props(k.cluster.thread, cfg))
	k.front.lead(k.child)
}

// dismiss ends the socket: at once, or when it has sent what it has.
func (k *keeper) dismiss(c actor.Context, flush bool) {
	if k.child == nil {
		return
	}
	k.front.lead(nil)
	if flush {
		c.Poison(k.child)
	} else {
		c.Stop(k.child)
	}
}

// childGone is told by Proto.Actor when the socket has stopped, for whatever reason.
func (k *keeper) childGone(c actor.Context, who *actor.PID) {
	if k.child == nil || !who.Equal(k.child) {
		return
	}
	expected := k.front.leads() == nil
	k.front.lead(nil)
	k.child = nil
	switch {
	case k.leaving:
		c.Stop(c.Self())
	case expected && k.owning:
		k.open(c)
	case expected || k.given:
	default: // it could not be opened, or its supervisor has stopped it
		k.given = true
		k.log(c).Warn("sockeye: the socket of a name has stopped", "token", k.token)
		k.tellLost(errSocketStopped)
		k.resign(c)
	}
}

// resign gives the name up, and tells the keeper when that is done.
func (k *keeper) resign(c actor.Context) {
	claim, root, self := k.claim, c.ActorSystem().Root, c.Self()
	if claim == nil {
		return
	}
	go func() {
		resign(claim)
		root.Send(self, &resigned{claim})
	}()
}

// resign is bounded: what etcd is not told now goes with the lease.
func resign(claim *registry.Claim) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	claim.Resign(ctx)
}

// leave is a Poison. Nobody new finds the socket; it sends what it has; then the name is given up.
func (k *keeper) leave(c actor.Context) {
	k.leaving = true
	k.tellLost(nil)
	if k.child == nil {
		c.Stop(c.Self())
		return
	}
	k.dismiss(c, true)
}

// end is Stopped: the child is gone, and the next owner may come.
func (k *keeper) end() {
	claim := k.claim
	go func() {
		if claim != nil {
			resign(claim)
		}
		k.cluster.forget(k.keeping)
		close(k.gone)
	}()
}

func (k *keeper) log(c actor.Context) *slog.Logger {
	return c.Logger().With("cluster", k.cluster.cfg.Name, "name", k.name)
}

func (k *keeper) tellLost(err error) {
	if k.owning {
		k.owning = false
		k.tell(&Lost{k.name, k.token, err})
	}
}

func (k *keeper) tell(event any) {
	if k.cfg.Events != nil {
		k.cluster.system.Root.RequestWithCustomSender(k.cfg.Events, event, k.self)
	}
}
