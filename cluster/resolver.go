package cluster

import (
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/cluster/internal/registry"
)

// resolver is what sockets see of a cluster.
type resolver struct{ *Cluster }

// Address implements socket.Resolver.
func (r resolver) Address(string) (string, error) {
	if r.cfg.Observer {
		return "", &ConfigError{"Observer", true, "an observer binds no name"}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left {
		return "", ErrLeft
	}
	return r.cfg.address(), nil
}

// Advertise implements socket.Resolver.
func (r resolver) Advertise(name string, at socket.Target) (withdraw func()) {
	return r.registry.Advertise(name, recordOf(at))
}

// Follow implements socket.Resolver.
func (r resolver) Follow(name string, changed func([]socket.Target)) (stop func()) {
	return r.registry.Follow(name, func(entries []registry.Entry) {
		all := make([]socket.Target, 0, len(entries))
		for _, e := range entries {
			all = append(all, targetOf(e))
		}
		changed(all)
	})
}

// Confirm implements socket.Resolver.
func (r resolver) Confirm(t socket.Target, alive func()) (cancel func()) {
	key, revision, lease, err := parseID(t.ID)
	if err != nil {
		return func() {}
	}
	return r.registry.Confirm(registry.Entry{Key: key, Revision: revision, Lease: lease}, alive)
}

func recordOf(t socket.Target) registry.Record {
	return registry.Record{Address: t.Endpoint, ServerKey: t.ServerKey, Instance: t.Instance}
}

func targetOf(e registry.Entry) socket.Target {
	return socket.Target{Endpoint: e.Address, ServerKey: e.ServerKey, Token: e.Token, Instance: e.Instance, Owned: e.Owned,
		ID: idOf(e.Key, e.Revision, e.Lease)}
}
