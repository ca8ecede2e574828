package registry

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Follow calls changed with all records of name, oldest first, as soon as they are known – none is an answer,
// too – and when they have changed: one call at a time, the latest only. What it is called with is shared and
// must not be modified. While etcd is away there is no call, and what was told stands.
//
// stop waits for nothing: a call that has begun may go on, and no other begins. A name that is none
// is logged, and never called for.
func (r *Registry) Follow(name string, changed func([]Entry)) (stop func()) {
	if err := CheckName(name); err != nil {
		r.cfg.Logger.Error("follow", "name", name, "error", err)
		return func() {}
	}
	return follow(r, r.records(name), decodeEntry, changed)
}

// FollowMembers is Follow for the members.
func (r *Registry) FollowMembers(changed func([]Member)) (stop func()) {
	return follow(r, r.prefix+"member/", decodeMember, changed)
}

// follower is one who follows a topic.
type follower[T comparable] struct {
	r        *Registry // immutable
	topic    *topic    // guarded by mu
	listener listener
	teller   teller
	told     []T  // guarded by mu: what it was last told
	knows    bool // guarded by mu: it was told once
}

func follow[T comparable](r *Registry, prefix string, decode func(kv, string) (T, error), changed func([]T)) (stop func()) {
	f := &follower[T]{r: r}
	f.teller = teller{mu: &r.mu, next: func() func() { return f.next(decode, changed) }}
	f.listener.changed = f.teller.poke
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left {
		return func() {}
	}
	f.topic = r.listen(prefix, false, &f.listener)
	return f.stop
}

// next is the call to make, if what it would say was not said before. Guarded by mu.
func (f *follower[T]) next(decode func(kv, string) (T, error), changed func([]T)) func() {
	if f.topic == nil || f.r.left {
		return nil
	}
	all := decoded(f.r, f.topic, decode)
	if f.knows && equal(all, f.told) {
		return nil
	}
	f.knows, f.told = true, all
	return func() { changed(all) }
}

func (f *follower[T]) stop() {
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	if !f.teller.stopped {
		f.teller.stopped = true
		f.r.unlisten(f.topic, &f.listener)
	}
}

func equal[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) > 0 && &a[0] == &b[0] {
		return true
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Resolve is one linearizable read of the records of name, oldest first. It fails with ErrUnavailable when etcd
// does not answer until ctx is over, or for 10 s where ctx has no deadline.
func (r *Registry) Resolve(ctx context.Context, name string) ([]Entry, error) {
	if err := CheckName(name); err != nil {
		return nil, fmt.Errorf("resolve: %w", err)
	}
	if r.ctx.Err() != nil {
		return nil, fmt.Errorf("resolve %s: %w", name, ErrLeft)
	}
	ctx, cancel := patient(ctx)
	defer cancel()
	r.reconnect()
	got, err := r.client.Get(ctx, r.records(name), clientv3.WithPrefix())
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", name, unavailable(err))
	}
	keys := make([]kv, len(got.Kvs))
	for i, k := range got.Kvs {
		keys[i] = found(k)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return decodeAll(keys, r.records(name), decodeEntry, r.garbage), nil
}
