package cluster

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"
	"github.com/asynkron/protoactor-go/eventstream"

	"github.com/sockeye-mq/sockeye/internal/guard"
)

// Keep returns the props of a keeper: an actor that sees to it that these identities of a kind are active, though nobody asks for
// them. Proto.Actor re-activates nothing by itself when a member is lost. Spawn it when the member has started, on as many members as
// are to survive the others: several keepers of one identity do no harm.
//
// It asks for every identity when it starts and after every change of the topology, and it watches what it gets: for an identity
// that is missing or has stopped it asks again, after 100 ms, then 200 ms, up to 2 s. At most 8 lookups run at a
// time: have Lookup around the cluster's, or each may take 5 s where a member has died.
//
// A member that hangs keeps its identities until the provider misses it.
func Keep(c *protocluster.Cluster, kind string, identities ...string) *actor.Props {
	kept := make([]*keptIdentity, 0, len(identities))
	for _, identity := range identities {
		kept = append(kept, &keptIdentity{name: identity})
	}
	return actor.PropsFromProducer(func() actor.Actor {
		all := make([]keptIdentity, len(kept)) // each keeper has its own
		for i, k := range kept {
			all[i] = *k
		}
		return &identityKeeper{cluster: c, kind: kind, all: all}
	})
}

const (
	keepFirst   = 100 * time.Millisecond
	keepLast    = 2 * time.Second
	keepAtATime = 8
)

type keptIdentity struct {
	name string
	pid  *actor.PID // nil: missing
}

// identityKeeper is one incarnation. Owned by the actor.
type identityKeeper struct {
	cluster *protocluster.Cluster
	kind    string
	all     []keptIdentity
	sub     *eventstream.Subscription
	asked   bool // a pass is under way
	every   bool // the next pass is to ask for all of them
	pause   time.Duration
	last    time.Time // of a loss
	timer   *time.Timer
}

// What a keeper of identities tells itself.
type (
	membersTurned struct{}
	askAgain      struct{}
	asking        struct{ found []keptIdentity } // the end of a pass
)

// Receive implements actor.Actor.
func (k *identityKeeper) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		k.start(c)
	case *membersTurned:
		k.every, k.pause = true, 0
		k.ask(c)
	case *askAgain:
		k.timer = nil
		k.ask(c)
	case *asking:
		k.learn(c, m.found)
	case *actor.Terminated:
		k.lost(c, m.Who)
	case *actor.Stopping, *actor.Restarting:
		c.ActorSystem().EventStream.Unsubscribe(k.sub)
		if k.timer != nil {
			k.timer.Stop()
		}
	}
}

func (k *identityKeeper) start(c actor.Context) {
	system, self := c.ActorSystem(), c.Self()
	k.sub = system.EventStream.Subscribe(func(event any) {
		if _, ok := event.(*protocluster.ClusterTopology); ok {
			system.Root.Send(self, &membersTurned{})
		}
	})
	k.every = true
	k.ask(c)
}

// ask begins a pass, unless one is under way: its end asks again.
func (k *identityKeeper) ask(c actor.Context) {
	if k.asked {
		return
	}
	var wanted []keptIdentity
	for _, one := range k.all {
		if k.every || one.pid == nil {
			wanted = append(wanted, keptIdentity{name: one.name})
		}
	}
	k.every = false
	if len(wanted) == 0 {
		return
	}
	k.asked = true
	system, self := c.ActorSystem(), c.Self()
	go func() {
		k.lookUp(system, self, wanted)
		system.Root.Send(self, &asking{wanted})
	}()
}

// lookUp fills in the PIDs. It runs beside the actor, and touches nothing of it that changes.
func (k *identityKeeper) lookUp(system *actor.ActorSystem, self *actor.PID, wanted []keptIdentity) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(keepAtATime, len(wanted)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(wanted)); i = next.Add(1) - 1 {
				guard.Careful(system, "a lookup", self, func() { wanted[i].pid = k.cluster.Get(wanted[i].name, k.kind) })
			}
		})
	}
	workers.Wait()
}

// learn is the end of a pass.
func (k *identityKeeper) learn(c actor.Context, found []keptIdentity) {
	k.asked = false
	byName := make(map[string]*actor.PID, len(found))
	for _, one := range found {
		byName[one.name] = one.pid
	}
	for i := range k.all {
		one := &k.all[i]
		pid, asked := byName[one.name]
		if !asked || pid != nil && pid.Equal(one.pid) {
			continue
		}
		if one.pid != nil {
			c.Unwatch(one.pid)
		}
		if one.pid = pid; pid != nil {
			c.Watch(pid) // of one that is not there any more it is told at once
		}
	}
	if k.every {
		k.ask(c)
		return
	}
	k.later(c)
}

// lost is told when an activation has stopped, or its member has gone.
func (k *identityKeeper) lost(c actor.Context, who *actor.PID) {
	for i := range k.all {
		if k.all[i].pid != nil && k.all[i].pid.Equal(who) {
			k.all[i].pid = nil
		}
	}
	if now := time.Now(); now.Sub(k.last) > 5*keepLast {
		k.pause, k.last = 0, now
	} else { // an activation that never stays: the pause goes on growing
		k.last = now
	}
	k.later(c)
}

// later asks again for what is missing, after a pause that grows until nothing is.
func (k *identityKeeper) later(c actor.Context) {
	missing := false
	for _, one := range k.all {
		missing = missing || one.pid == nil
	}
	if !missing || k.timer != nil || k.asked {
		return
	}
	k.pause = min(max(2*k.pause, keepFirst), keepLast)
	root, self := c.ActorSystem().Root, c.Self()
	k.timer = time.AfterFunc(k.pause, func() { root.Send(self, &askAgain{}) })
}
