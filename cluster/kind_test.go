package cluster_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// placement is a system with a cluster that has not been started: the test says who the members are, and activates as
// Proto.Actor's placement would. Members in processes of their own are in internal/kindtest.
type placement struct {
	*rig.Rig
	cluster *protocluster.Cluster
	kind    *protocluster.ActivatedKind
	here    *protocluster.Member
	there   *protocluster.Member
}

func newPlacement(t *testing.T, cfg func(r *rig.Rig, identity string) socket.Config) *placement {
	r := rig.Start(t, zmqthread.Config{})
	p := &placement{Rig: r,
		here:  &protocluster.Member{Id: "here", Host: "127.0.0.1", Port: 1, Kinds: []string{"feed"}},
		there: &protocluster.Member{Id: "there", Host: "127.0.0.1", Port: 2, Kinds: []string{"feed"}}}
	r.System.ProcessRegistry.Address = p.here.Address()
	p.cluster = protocluster.New(r.System, protocluster.Configure("test", nil, nil, nil))
	p.kind = cluster.Kind("feed", r.Thread, func(identity string) socket.Config { return cfg(r, identity) }).Build(p.cluster)
	return p
}

// members publishes a topology.
func (p *placement) members(all ...*protocluster.Member) {
	p.System.EventStream.Publish(&protocluster.ClusterTopology{Members: all})
}

// of returns an identity that belongs to a member when both are there.
func (p *placement) of(who *protocluster.Member) string {
	ring := protocluster.NewRendezvous()
	ring.UpdateMembers(protocluster.Members{p.here, p.there})
	for i := 0; ; i++ {
		identity := fmt.Sprint("identity-", i)
		if ring.GetByClusterIdentity(protocluster.NewClusterIdentity(identity, "feed")) == who.Address() {
			return identity
		}
	}
}

func (p *placement) activate(identity string) *actor.PID {
	pid := p.Root.Spawn(protocluster.WithClusterIdentity(p.kind.Props, protocluster.NewClusterIdentity(identity, "feed")))
	p.T.Cleanup(func() { p.Root.StopFuture(pid).Wait() })
	return pid
}

// gone waits until an activation has stopped.
func (p *placement) gone(pid *actor.PID) {
	p.T.Helper()
	rig.Until(p.T, "the activation has stopped", func() bool {
		_, there := p.System.ProcessRegistry.GetLocal(pid.Id)
		return !there
	})
}

// What is sent to an activation in the moment of its beginning arrives, and in order.
func TestKindDoor(t *testing.T) {
	const total = 900
	var got *rig.Collector
	var pull *actor.PID
	p := newPlacement(t, func(r *rig.Rig, identity string) socket.Config {
		return socket.Config{Type: socket.Push, Connect: r.At(pull)}
	})
	got = p.Collector()
	pull = p.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID)})
	p.members(p.here)
	for round := range 5 {
		pid := p.activate(fmt.Sprint("x", round))
		for i := range total {
			p.Root.Send(pid, messages.Text(fmt.Sprint(i)))
		}
		for i, m := range got.Messages(total) {
			if m.Text() != fmt.Sprint(i) {
				t.Fatalf("message %d is %q", i, m.Text())
			}
		}
	}
	if n := len(p.Dead.To(nil)); n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// An identity that belongs to somebody else is not opened, and whoever has asked is told.
func TestKindNotHere(t *testing.T) {
	var asked atomic.Int32
	p := newPlacement(t, func(*rig.Rig, string) socket.Config {
		asked.Add(1)
		return socket.Config{Type: socket.Dealer, Bind: []string{"tcp://127.0.0.1:*"}}
	})
	for _, name := range []string{"no member is known", "it is another's"} {
		pid := p.activate(p.of(p.there))
		var dead *messages.Dead
		if _, err := messages.Ask(p.Ctx, p.Root, pid, messages.Text("x")); !errors.As(err, &dead) {
			t.Errorf("%s: %v", name, err)
		}
		p.gone(pid)
		p.members(p.here, p.there)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("opened %d times", n)
	}
}

// An activation closes when its identity does not belong here any more, and its socket with it; one that stays is
// not touched.
func TestKindMoves(t *testing.T) {
	var events *rig.Collector
	p := newPlacement(t, func(r *rig.Rig, identity string) socket.Config {
		return socket.Config{Type: socket.Pair, Bind: []string{"tcp://127.0.0.1:*"}, Events: events.PID}
	})
	events = p.Collector()
	p.members(p.here)
	stays, goes := p.activate(p.of(p.here)), p.activate(p.of(p.there))
	at := func(pid *actor.PID) string {
		all, err := socket.Endpoints(p.Ctx, p.Root, pid)
		if err != nil {
			t.Fatal(err)
		}
		return all[0]
	}
	before, wasAt := at(stays), at(goes)
	p.members(p.here, p.there)
	stopped, _ := rig.Await[*socket.Stopped](events)
	if stopped.Reason != nil {
		t.Error(stopped)
	}
	p.gone(goes)
	if now := at(stays); now != before {
		t.Errorf("%s became %s", before, now)
	}
	p.At(p.Spawn(socket.Config{Type: socket.Pair, Bind: []string{wasAt}})) // it is free again
	p.members(p.here)
	at(p.activate(p.of(p.there)))
}

// Poison flushes.
func TestKindPoison(t *testing.T) {
	const total = 500
	var pull *actor.PID
	p := newPlacement(t, func(r *rig.Rig, identity string) socket.Config {
		return socket.Config{Type: socket.Push, Connect: r.At(pull)}
	})
	got := p.Collector()
	pull = p.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID)})
	p.members(p.here)
	pid := p.activate("x")
	for i := range total {
		p.Root.Send(pid, messages.Text(fmt.Sprint(i)))
	}
	if err := p.Root.PoisonFuture(pid).Wait(); err != nil {
		t.Fatal(err)
	}
	got.Messages(total)
	if dead := p.Dead.To(pid); len(dead) != 0 {
		t.Errorf("%d dead letters", len(dead))
	}
}

// A configuration that panics, a socket that gives up and a StrategyBuilder that was replaced end the activation, and nothing else.
func TestKindFails(t *testing.T) {
	p := newPlacement(t, func(_ *rig.Rig, identity string) socket.Config {
		if identity == "panics" {
			panic("as it must be")
		}
		return socket.Config{Type: socket.Pair, Bind: []string{"tcp://203.0.113.1:1"}}
	})
	p.members(p.here)
	p.gone(p.activate("panics"))
	hopeless := cluster.Kind("feed", p.Thread, func(string) socket.Config {
		return socket.Config{Type: socket.Pair, Bind: []string{"tcp://203.0.113.1:1"}} // nobody's address
	}, actor.WithSupervisor(actor.NewOneForOneStrategy(0, 0, func(any) actor.Directive { return actor.StopDirective })))
	p.kind = hopeless.Build(p.cluster)
	p.members(p.here)
	p.gone(p.activate("hopeless"))
	replaced := cluster.Kind("feed", p.Thread, func(string) socket.Config { t.Error("opened"); return socket.Config{} })
	replaced.StrategyBuilder = nil
	p.kind = replaced.Build(p.cluster)
	p.gone(p.activate("replaced"))
}

// found is a lookup that gives what the test says.
type found func(identity string) *actor.PID

func (f found) Get(ci *protocluster.ClusterIdentity) *actor.PID   { return f(ci.Identity) }
func (found) RemovePid(*protocluster.ClusterIdentity, *actor.PID) {}
func (found) Setup(*protocluster.Cluster, []string, bool)         {}
func (found) Shutdown()                                           {}

// A keeper asks when it starts, again for what it does not get, again for what stops, and for everything after a change.
func TestKeep(t *testing.T) {
	p := newPlacement(t, func(*rig.Rig, string) socket.Config {
		return socket.Config{Type: socket.Pair, Bind: []string{"tcp://127.0.0.1:*"}}
	})
	p.members(p.here)
	got := make(chan *actor.PID, 1000)
	var tries atomic.Int32
	p.cluster.IdentityLookup = found(func(identity string) *actor.PID {
		switch tries.Add(1) {
		case 1:
			return nil
		case 2:
			panic("as it must be")
		}
		pid := p.activate(identity)
		got <- pid
		return pid
	})
	keeper := p.Root.Spawn(cluster.Keep(p.cluster, "feed", "x"))
	t.Cleanup(func() { p.Root.StopFuture(keeper).Wait() })
	next := func() *actor.PID {
		t.Helper()
		select {
		case pid := <-got:
			return pid
		case <-p.Ctx.Done():
			t.Fatal("nobody asks")
			return nil
		}
	}
	p.Root.Stop(next())
	old := next()
	p.members(p.here)
	young := next()
	p.Root.StopFuture(old).Wait()
	p.Root.StopFuture(young).Wait() // it is this one that the keeper watches now
	next()
	if len(got) != 0 {
		t.Errorf("asked %d times too often", len(got))
	}
}
