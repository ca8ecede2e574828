package cluster

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/cluster/internal/registry"
	"github.com/sockeye-mq/sockeye/internal/guard"
	"github.com/sockeye-mq/sockeye/supervision"
)

// Owning and Lost are events of a socket that Own has made, for its Config.Events, with the keeper as the
// sender. Between Owning and Lost the socket exists, and serves while its local deadline lies ahead. A Lost
// is told when the socket is to stop: Stopped, which the socket tells itself, follows.
type (
	Owning struct {
		Name  string
		Token int64 // fencing token: higher than that of every owner before
	}
	Lost struct {
		Name  string
		Token int64
		Err   error // nil: it was given up on request
	}
)

// Own returns the props of a keeper: an actor that claims name and, while this process owns it, has the
// socket of cfg as its child. Spawn it on every member that may own the name; the one that claimed first
// owns it, the others wait. cfg.Bind usually has cluster://name, which is announced when the socket is open and
// the name still owned.
//
// The keeper's PID is the socket's, for Send, Ask, Put, live commands and Touch: what it gets is handed on, on
// the sender's goroutine. While the name is not owned here it is given back, as messages.ErrNotOwner; without a
// sender it is a dead letter.
//
// The socket serves while the name is owned and the last renewal that succeeded was sent less than
// two thirds of the TTL ago: the ZeroMQ thread asks before every batch. Past that it waits, and goes on if the
// lease can be resumed. What libzmq has taken by then it may still send: only who sees the token can tell.
//
// Poison gives the name up when the socket has flushed what it had, Stop at once. The strategy of WithSupervisor
// in opts decides what becomes of a socket that fails, otherwise that of WithGuardian; default: Backoff from
// 100 ms to 5 s, 5 times in a minute. When it stops the socket, or the socket stops by itself, the name is given
// up, too, for somebody else to try, and claimed again after a pause of 1 s, then 2 s, up to 30 s.
func (c *Cluster) Own(name string, cfg socket.Config, opts ...actor.PropsOption) *actor.Props {
	props := actor.PropsFromProducer(nil).Configure(opts...)
	strategy := guard.SupervisorOf(props)
	if strategy == nil {
		strategy = guard.GuardianOf(props)
	}
	if strategy == nil {
		strategy = &supervision.Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second, Retries: 5, Window: time.Minute}
	}
	spawn := func(system *actor.ActorSystem, id string, props *actor.Props, parent actor.SpawnerContext) (*actor.PID, error) {
		k := &keeping{cluster: c, name: name, cfg: cfg, gone: make(chan struct{})}
		k.front = newFront(k)
		return actor.DefaultSpawner(system, id, props.Clone(
			actor.WithSpawnFunc(nil),
			actor.WithSupervisor(strategy),
			actor.WithProducer(func() actor.Actor { return &keeper{keeping: k} }),
			actor.WithMailbox(func() actor.Mailbox { return k.front })), parent)
	}
	return props.Configure(actor.WithGuardian(guard.Strategy(strategy)), actor.WithSpawnFunc(spawn))
}

// keeping is what outlives the incarnations of a keeper. Owned by the keeper, but for what is immutable.
type keeping struct {
	cluster *Cluster      // immutable
	name    string        // immutable
	cfg     socket.Config // immutable
	front   *front        // immutable
	self    *actor.PID    // immutable after the spawn
	gone    chan struct{} // closed when it has stopped, and resigned

	claim   *registry.Claim
	owning  bool
	token   int64
	child   *actor.PID
	leaving bool          // poisoned: when the child is gone, so is the keeper
	given   bool          // the name was given up because the child had stopped
	pause   time.Duration // before it is claimed again

	mu   sync.Mutex
	last chan struct{} // guarded by mu: closed when the directory was told what it has been told last; see next
}

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
