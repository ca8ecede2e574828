package cluster

import (
	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/guard"
)

// activation is the actor of one identity. It outlives its restarts, which only a strategy that escalates
// makes happen.
type activation struct {
	*kind       // immutable
	door  *door // immutable

	// Owned by the actor.
	identity *protocluster.ClusterIdentity
	view     *view
	child    *actor.PID
	leaving  bool // when the child is gone, so is the activation
}

// Receive implements actor.Actor.
func (a *activation) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *protocluster.ClusterInit:
		a.begin(c, m)
	case *topologyTurned:
		a.door.turned.Store(false) // first: what turns from now on is told again
		a.check(c)                 // though it be leaving: one that flushes has no time for that elsewhere
	case *retire:
		a.retire(c)
	case *actor.Terminated:
		if a.child != nil && m.Who.Equal(a.child) {
			a.child = nil
			a.end(c)
		}
	case *actor.Restarting:
		a.door.close()
		a.child = nil // Proto.Actor stops it before the next incarnation begins
	case *actor.Stopping:
		a.door.close()
		if a.view != nil {
			a.view.remove(a.door)
		}
	}
}

// begin opens the socket if the identity belongs here.
func (a *activation) begin(c actor.Context, m *protocluster.ClusterInit) {
	a.identity, a.view = m.Identity, a.kind.view(m.Cluster)
	if a.view == nil {
		c.Logger().Error("sockeye: a kind's StrategyBuilder was replaced: it is not told who the members are", "kind", a.name)
		a.end(c)
		return
	}
	a.view.add(a.door) // before the check: no change goes between
	if a.leaving || !a.check(c) {
		a.end(c)
		return
	}
	var cfg socket.Config
	if guard.Careful(c.ActorSystem(), "the configuration of a kind; the activation stops", c.Self(), func() { cfg = a.cfg(a.identity.Identity) }) != nil {
		a.end(c)
		return
	}
	a.child = c.Spawn(socket.Props(a.thread, cfg))
	a.door.open(a.child)
	c.Logger().Info("sockeye: an identity is activated here", "kind", a.name, "identity", a.identity.Identity)
}

// check ends the activation if its identity does not belong here.
func (a *activation) check(c actor.Context) bool {
	if a.view.here(a.identity) {
		return true
	}
	c.Logger().Info("sockeye: an identity does not belong here", "kind", a.name, "identity", a.identity.Identity)
	a.end(c)
	return false
}

// retire is a Poison: the socket sends what it has.
func (a *activation) retire(c actor.Context) {
	a.leaving = true
	a.door.close()
	if a.child == nil {
		a.end(c)
		return
	}
	c.Poison(a.child)
}

// end stops the activation, and with it its socket, at once.
func (a *activation) end(c actor.Context) {
	a.leaving = true
	a.door.close()
	c.Stop(c.Self())
}
