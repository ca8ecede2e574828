package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	protocluster "github.com/asynkron/protoactor-go/cluster"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Evicted is published on the actor system's event stream, once, when a member that StartMember has started finds that the
// others do without it: it was missed, for as long as the provider allows, and every other member has blocked
// it. Its kinds close by themselves. It cannot come back as it is: end the process, or Shutdown and start again with a new
// actor system.
type Evicted struct {
	Member string // the actor system's id
}

// StartMember starts a member of Proto.Actor's own cluster, as (*protocluster.Cluster).StartMember does, but
//   - it ends with ctx, though the provider may wait for a server that is down;
//   - what panics is an error;
//   - the system's event stream gets an Evicted when it applies.
//
// After an error the cluster has been shut down, and its actor system with it: for another try make new ones. A provider that comes
// back to life after ctx is told to shut down then.
//
// It takes a second more than the provider does: Proto.Actor sleeps.
func StartMember(ctx context.Context, c *protocluster.Cluster) error {
	provider := &boundedProvider{ctx: ctx, ClusterProvider: c.Config.ClusterProvider}
	if provider.ClusterProvider == nil {
		return fmt.Errorf("start member: %w", &ConfigError{"ClusterProvider", nil, "there is none"})
	}
	var told bool // guarded by the member list: topologies come one after the other
	system := c.ActorSystem
	sub := system.EventStream.Subscribe(func(event any) {
		if t, ok := event.(*protocluster.ClusterTopology); ok && !told && leftBy(t.Left, system.ID) {
			told = true
			c.Logger().Error("sockeye: the cluster does without this member", "member", system.ID)
			go tellEvicted(c) // whoever is told may shut down, which waits for the provider that runs this
		}
	})
	c.Config.ClusterProvider = provider
	err := careful(func() error { c.StartMember(); return nil })
	c.Config.ClusterProvider = provider.ClusterProvider
	if err == nil {
		return nil
	}
	system.EventStream.Unsubscribe(sub)
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if provider.given {
		tearDown(short, c, nil)
	} else {
		tearDown(short, c, provider.ClusterProvider)
	}
	return fmt.Errorf("start member: %w", err)
}

func tellEvicted(c *protocluster.Cluster) {
	system := c.ActorSystem
	if err := careful(func() error { system.EventStream.Publish(&Evicted{system.ID}); return nil }); err != nil {
		c.Logger().Error("sockeye: a subscriber has panicked", "error", err)
	}
}

func leftBy(left []*protocluster.Member, id string) bool {
	return slices.ContainsFunc(left, func(m *protocluster.Member) bool { return m.Id == id })
}

// boundedProvider starts as long as ctx allows.
type boundedProvider struct {
	protocluster.ClusterProvider
	ctx   context.Context
	given bool // up: whoever still runs sees to the end of it
}

// StartMember implements protocluster.ClusterProvider.
func (p *boundedProvider) StartMember(c *protocluster.Cluster) error {
	started := make(chan error)
	go func() {
		err := careful(func() error { return p.ClusterProvider.StartMember(c) })
		select {
		case started <- err:
		case <-p.ctx.Done():
			careful(func() error { return p.Shutdown(true) })
		}
	}()
	select {
	case err := <-started:
		return err
	case <-p.ctx.Done():
		p.given = true
		return p.ctx.Err()
	}
}

// Shutdown leaves Proto.Actor's own cluster, and shuts the actor system down, as (*protocluster.Cluster).Shutdown
// does, but it ends with ctx, and what panics is part of the error; of several errors all are told. It is for members and clients, for those that
// never started, and may be called again.
//
// The identities here are closed first, and what their sockets have is flushed; then the others are told. A part that
// has not ended with ctx is left to end when it can, and the parts after it are still done, for at most 100 ms each.
func Shutdown(ctx context.Context, c *protocluster.Cluster) error {
	if c.ActorSystem.IsStopped() {
		return nil
	}
	if err := tearDown(ctx, c, c.Config.ClusterProvider); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// tearDown shuts down whatever of a cluster there is.
func tearDown(ctx context.Context, c *protocluster.Cluster, provider protocluster.ClusterProvider) error {
	// A client has no gossip: telling it panics.
	member := careful(func() error { c.Gossip.SetState(protocluster.GracefullyLeftKey, &emptypb.Empty{}); return nil }) == nil
	var all []error
	step := func(what string, do func() error) {
		if err := within(ctx, do); err != nil {
			all = append(all, fmt.Errorf("%s: %w", what, err))
		}
	}
	if c.IdentityLookup != nil {
		step("identity lookup", func() error { c.IdentityLookup.Shutdown(); return nil })
	}
	if provider != nil {
		step("provider", func() error { return provider.Shutdown(true) })
	}
	if member {
		step("gossip", func() error { c.Gossip.Shutdown(); return nil })
	}
	if c.Remote != nil {
		step("remote", func() error { stopRemote(c); return nil })
	}
	if !c.ActorSystem.IsStopped() {
		c.ActorSystem.Shutdown()
	}
	return errors.Join(all...)
}

// stopRemote gives gRPC a second: it waits for others to hang up, and Proto.Actor would wait 10 s with it.
func stopRemote(c *protocluster.Cluster) {
	timer := time.AfterFunc(time.Second, func() {
		careful(func() error { c.Remote.Shutdown(false); return nil })
	})
	defer timer.Stop()
	c.Remote.Shutdown(true)
}

// within does something for as long as ctx allows, but for 100 ms.
func within(ctx context.Context, do func() error) error {
	done := make(chan error, 1)
	go func() { done <- careful(do) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	timer := time.NewTimer(100 * time.Millisecond)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return ctx.Err()
	}
}

// careful makes an error of a panic.
func careful(do func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case error:
			err = p
		default:
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return do()
}
