package cluster

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/guard"
	"github.com/sockeye-mq/sockeye/supervision"
)

// Kind makes a socket a kind of Proto.Actor's own cluster: whoever asks that cluster for an identity of this kind gets
// the PID of an activation, on whichever member the identity belongs to, and that PID is a socket's: Send, Request,
// Ask, Put, live commands and Touch work on it from every member. It is for those who run that cluster anyway;
// it needs neither Join nor etcd.
//
//	sockets := cluster.Kind("feed", thread, func(identity string) socket.Config {
//		return socket.Config{Type: socket.Pub, Connect: []string{hub}, …}
//	})
//	remote, err := cluster.Remote{Host: "10.0.0.7", TLS: tls}.Config()
//	c := protocluster.New(system, protocluster.Configure("shop", provider, cluster.Lookup(disthash.New(), 0), remote,
//		protocluster.WithKinds(sockets, yours)))
//	err = cluster.StartMember(ctx, c)
//	keeper := system.Root.Spawn(cluster.Keep(c, "feed", "stocks", "bonds"))
//	pid := c.Get("stocks", "feed")
//
// # What is promised, and what is not
//
// Less than by Own. An identity is not owned by one member only: where members see different topologies there are as many
// sockets of one identity as there are opinions, for as long as they differ. What Kind does about it is this: an
// activation asks whether by the members that its own process sees the identity belongs here, before it opens its socket and
// after every change, and closes at once when it does not. So there are no duplicates once all members see the same. A
// member that is paused or cut off notices nothing, and goes on. Use Own where two owners do harm.
//
// Nothing survives an activation: when it closes, what its socket has not sent becomes dead letters, and its
// next one, here or elsewhere, begins with the Config that cfg returns there. Nobody re-activates it but who asks for it: see
// Keep. It never goes away by itself for want of work.
//
// How long members differ depends on the provider. Automanaged asks every member in turn: a killed one is missed after a
// refresh, and what was cut in two for longer than that stays cut, because a member that was missed once is
// blocked for ever (it has to come back with a new actor system; see Evicted). Its health server listens on 0.0.0.0 and asks nobody who he is,
// which cannot be configured. Those of etcd and Consul miss a member when its lease or TTL is over; etcd's sees the members of every cluster whose
// name begins with its own.
//
// Messages between members go over Proto.Actor's Remote, which is to be configured by Remote.Config: it still waits 2 s after a
// failed dial, and never notices that a peer hangs.
//
// # The parts
//
// The activation is an actor; its socket is its child. cfg is called for every activation, on a goroutine of Proto.Actor's; when it
// panics the activation stops. The strategy of WithSupervisor in opts decides what becomes of a socket that fails, otherwise that of
// WithGuardian; default: Backoff from 100 ms to 5 s, 5 times in a minute. When the strategy stops the socket, the activation stops with it.
//
// What comes for the socket is handed to it on the sender's goroutine. Up to 1,024 messages wait for it to be spawned, which is the matter of
// one turn. What comes when the activation has closed, or is not the owner, is a dead letter, and its sender is told
// so: for protocluster's Request that is the reason to look again (see Pause).
//
// Poison closes it when the socket has flushed what it had, Stop at once. Kind sets the StrategyBuilder of what it returns, to be told of
// topologies: if you have a member strategy, call that one in yours.
func Kind(name string, thread *zmqthread.Thread, cfg func(identity string) socket.Config, opts ...actor.PropsOption) *protocluster.Kind {
	k := &kind{name: name, thread: thread, cfg: cfg, views: map[*protocluster.Cluster]*view{}}
	props := actor.PropsFromProducer(nil).Configure(opts...)
	strategy := guard.SupervisorOf(props)
	if strategy == nil {
		strategy = guard.GuardianOf(props)
	}
	if strategy == nil {
		strategy = &supervision.Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second, Retries: 5, Window: time.Minute}
	}
	made := protocluster.NewKind(name, props.Configure(actor.WithSpawnFunc(
		func(system *actor.ActorSystem, id string, props *actor.Props, parent actor.SpawnerContext) (*actor.PID, error) {
			a := &activation{kind: k, door: newDoor(system)}
			return actor.DefaultSpawner(system, id, props.Clone(
				actor.WithSpawnFunc(nil),
				actor.WithSupervisor(strategy),
				actor.WithProducer(func() actor.Actor { return a }),
				actor.WithMailbox(func() actor.Mailbox { return a.door })), parent)
		})))
	made.StrategyBuilder = func(c *protocluster.Cluster) protocluster.MemberStrategy {
		k.watch(c)
		return nil
	}
	return made
}

// kind is what the activations of a Kind have in common.
type kind struct {
	name   string                              // immutable
	thread *zmqthread.Thread                   // immutable
	cfg    func(identity string) socket.Config // immutable

	mu    sync.Mutex
	views map[*protocluster.Cluster]*view // guarded by mu
}

// watch begins the view of a cluster. Proto.Actor builds its kinds before it hears of any member.
func (k *kind) watch(c *protocluster.Cluster) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.views[c] != nil {
		return
	}
	v := &view{system: c.ActorSystem, doors: map[*door]struct{}{}}
	c.ActorSystem.EventStream.Subscribe(func(event any) {
		if t, ok := event.(*protocluster.ClusterTopology); ok {
			v.turn(t)
		}
	})
	k.views[c] = v
}

func (k *kind) view(c *protocluster.Cluster) *view {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.views[c]
}

// view is what a member knows of who is there. That of the cluster's MemberList may not be read while
// it changes.
type view struct {
	system *actor.ActorSystem // immutable

	mu    sync.Mutex
	ring  *protocluster.Rendezvous // guarded by mu; nil: no member is known
	doors map[*door]struct{}       // guarded by mu: of the activations that want to be told
}

// turn runs on the goroutine of the provider.
func (v *view) turn(t *protocluster.ClusterTopology) {
	ring := protocluster.NewRendezvous()
	ring.UpdateMembers(t.Members)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ring = ring
	for d := range v.doors {
		d.turn()
	}
}

// here reports whether an identity belongs to this process.
func (v *view) here(ci *protocluster.ClusterIdentity) bool {
	v.mu.Lock()
	ring := v.ring
	v.mu.Unlock()
	return ring != nil && ring.GetByClusterIdentity(ci) == v.system.Address()
}

func (v *view) add(d *door) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.doors[d] = struct{}{}
}

func (v *view) remove(d *door) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.doors, d)
}

// What an activation tells itself.
type (
	topologyTurned struct{}
	retire         struct{}
)

// door is an activation's mailbox. What is for the socket goes to the socket, on the sender's goroutine; what
// comes before there is one waits in front of it.
type door struct {
	actor.Mailbox
	system *actor.ActorSystem // immutable
	self   *actor.PID         // immutable after the spawn

	turned atomic.Bool               // a topologyTurned is in the mailbox
	socket atomic.Pointer[actor.PID] // nil: there is none

	mu      sync.Mutex
	shut    bool  // guarded by mu: there will be none
	waiting []any // guarded by mu: at most waitingAtDoor
}

// waitingAtDoor is how many messages wait for a socket to be spawned. Nobody sees it but who sends
// to an activation within microseconds of its beginning.
const waitingAtDoor = 1024

func newDoor(system *actor.ActorSystem) *door {
	return &door{Mailbox: actor.Unbounded()(), system: system}
}

// RegisterHandlers implements actor.Mailbox.
func (d *door) RegisterHandlers(i actor.MessageInvoker, dispatcher actor.Dispatcher) {
	d.self = i.(actor.Context).Self()
	d.Mailbox.RegisterHandlers(i, dispatcher)
}

// PostUserMessage implements actor.Mailbox.
func (d *door) PostUserMessage(x any) {
	switch actor.UnwrapEnvelopeMessage(x).(type) {
	case *topologyTurned:
		d.Mailbox.PostUserMessage(x)
		return
	case *actor.PoisonPill:
		d.Mailbox.PostUserMessage(&retire{})
		return
	case *actor.Touch:
	case actor.AutoReceiveMessage:
		d.Mailbox.PostUserMessage(x)
		return
	}
	if to := d.socket.Load(); to != nil {
		d.system.Root.Send(to, x)
		return
	}
	d.knock(x)
}

// knock is PostUserMessage where there was no socket a moment ago.
func (d *door) knock(x any) {
	d.mu.Lock()
	to := d.socket.Load()
	refused := to == nil && (d.shut || len(d.waiting) == waitingAtDoor)
	if to == nil && !refused {
		d.waiting = append(d.waiting, x)
	}
	d.mu.Unlock()
	switch {
	case to != nil:
		d.system.Root.Send(to, x)
	case refused:
		d.system.DeadLetter.SendUserMessage(d.self, x)
	}
}

// open hands over what has waited, then lets everything through. No message overtakes another one of its
// sender: the way is free only when nothing waits. Nothing is sent under the lock, because what is sent may come back.
func (d *door) open(socket *actor.PID) {
	for {
		d.mu.Lock()
		waiting := d.waiting
		d.waiting = nil
		if len(waiting) == 0 {
			d.shut = false
			d.socket.Store(socket)
			d.mu.Unlock()
			return
		}
		d.mu.Unlock()
		for _, x := range waiting {
			d.system.Root.Send(socket, x)
		}
	}
}

// close makes dead letters of what waits and of what will come.
func (d *door) close() {
	d.mu.Lock()
	d.shut = true
	d.socket.Store(nil)
	waiting := d.waiting
	d.waiting = nil
	d.mu.Unlock()
	for _, x := range waiting {
		d.system.DeadLetter.SendUserMessage(d.self, x)
	}
}

// turn tells the activation, once for all changes that it has not seen yet.
func (d *door) turn() {
	if !d.turned.Swap(true) {
		d.system.Root.Send(d.self, &topologyTurned{})
	}
}
