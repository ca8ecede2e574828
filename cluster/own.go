package cluster

import (
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
