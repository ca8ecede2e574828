package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster/internal/registry"
	"github.com/sockeye-mq/sockeye/cluster/internal/wire"
)

// Cluster is a process's membership, or its view of one.
type Cluster struct {
	system   *actor.ActorSystem
	thread   *zmqthread.Thread
	cfg      Config
	registry *registry.Registry
	closes   func() error
	wire     *wire.Wire // nil without

	book book // of members, for the wire

	mu      sync.Mutex
	left    bool                  // guarded by mu
	keepers map[*keeping]struct{} // guarded by mu: of every name that is claimed here
}

// Endpoint is where a name is bound.
type Endpoint struct {
	Address   string // "tcp://10.0.0.7:40123"
	Member    string
	ServerKey string // public key of its CURVE server, in Z85; "" without
	Token     int64  // fencing token: whoever has bound or owned the name later has a higher one
}

// LeaseLost and LeaseBack are events: every name that this process has bound or owned is gone; all are being
// taken up again. A process that cannot reach its directory is told when it can again: only then is it
// known whether the lease was lost.
type (
	LeaseLost struct{ Err error }
	LeaseBack struct{}
)

var (
	// ErrLeft says that the process has left the cluster.
	ErrLeft = errors.New("this process has left the cluster")
	// ErrUnavailable says that the directory could not be reached, or did not answer, in the time there was.
	ErrUnavailable = registry.ErrUnavailable
)

// MemberTakenError says that a member of that name is alive.
type MemberTakenError = registry.MemberTakenError

// Join makes the process a member, or an Observer, and has sockets of system find cluster:// endpoints, on
// thread and on every other. It returns when the directory has taken it in; when that fails, or takes longer
// than Patience, with the error. Leave when you go: names then move at once.
func Join(system *actor.ActorSystem, thread *zmqthread.Thread, cfg Config) (*Cluster, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	if system == nil || thread == nil {
		return nil, &ConfigError{"Join", nil, "needs a system and a thread"}
	}
	ctx, cancel := context.WithTimeout(context.Background(), cfg.Patience)
	defer cancel()
	client, closes, err := cfg.Directory(ctx)
	if err != nil {
		return nil, fmt.Errorf("join %s: directory: %w", cfg.Name, err)
	}
	c := &Cluster{system: system, thread: thread, cfg: cfg, closes: closes, keepers: map[*keeping]struct{}{}}
	info := registry.Info{Host: cfg.Host}
	if cfg.Wire != nil {
		if err := c.startWire(&info); err != nil {
			return nil, errors.Join(fmt.Errorf("join %s: %w", cfg.Name, err), closes())
		}
	}
	c.registry, err = registry.Join(ctx, registry.Config{
		Client: client, Cluster: cfg.Name, Member: cfg.Member, TTL: cfg.TTL, Observer: cfg.Observer,
		Info: info, Logger: system.Logger(), Changed: c.leaseChanged,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("join %s: %w", cfg.Name, err), c.stopWire(context.Background()), closes())
	}
	if c.wire != nil {
		c.registry.FollowMembers(c.book.follow)
	}
	socket.SetResolver(system, resolver{c})
	return c, nil
}

// Member is this process's name in the cluster.
func (c *Cluster) Member() string { return c.cfg.Member }

// Resolve asks the directory where a name is bound now: nowhere, at one place or at several.
func (c *Cluster) Resolve(ctx context.Context, name string) ([]Endpoint, error) {
	if err := registry.CheckName(name); err != nil {
		return nil, fmt.Errorf("resolve: %w", err)
	}
	entries, err := c.registry.Resolve(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", name, err)
	}
	all := make([]Endpoint, 0, len(entries))
	for _, e := range entries {
		all = append(all, Endpoint{e.Address, e.Member, e.ServerKey, e.Token})
	}
	return all, nil
}

// Leave stops the sockets that are owned here, waiting for what they still have to send as a Poison does,
// and gives up all names, so that others have them at once; sockets that only have a name lose that and live
// on. When ctx ends before the directory has been told, names go when the TTL is over.
func (c *Cluster) Leave(ctx context.Context) error {
	c.mu.Lock()
	again := c.left
	c.left = true
	var keepers []*keeping
	for k := range c.keepers {
		keepers = append(keepers, k)
	}
	c.mu.Unlock()
	if again {
		return nil
	}
	var errs []error
	for _, k := range keepers {
		c.system.Root.Poison(k.self)
	}
	for _, k := range keepers {
		select {
		case <-k.gone:
		case <-ctx.Done():
			errs = append(errs, fmt.Errorf("leave: %s is still open: %w", k.name, ctx.Err()))
		}
	}
	if c.resolves() {
		socket.SetResolver(c.system, nil)
	}
	errs = append(errs, c.registry.Leave(ctx), c.stopWire(ctx), c.closes())
	return errors.Join(errs...)
}

// resolves reports whether names are found through c: another Join may have followed.
func (c *Cluster) resolves() bool {
	r, ok := socket.ResolverOf(c.system).(resolver)
	return ok && r.Cluster == c
}

func (c *Cluster) leaseChanged(alive bool, err error) {
	var event any = &LeaseBack{}
	if !alive {
		event = &LeaseLost{err}
		c.system.Logger().Warn("sockeye: lease lost", "cluster", c.cfg.Name, "member", c.cfg.Member, "error", err)
	} else {
		c.system.Logger().Info("sockeye: lease back", "cluster", c.cfg.Name, "member", c.cfg.Member)
	}
	if c.cfg.Events != nil {
		c.system.Root.Send(c.cfg.Events, event)
	}
}

// keeps notes a keeper, unless the cluster was left.
func (c *Cluster) keeps(k *keeping) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.left {
		c.keepers[k] = struct{}{}
	}
	return !c.left
}

func (c *Cluster) forget(k *keeping) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.keepers, k)
}
