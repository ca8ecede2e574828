package registry

import (
	"maps"
	"slices"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// topic is what stands under a prefix, followed by one watch however many ask.
// All of it is guarded by the Registry's mu, but for its prefix and exact.
type topic struct {
	prefix    string
	exact     bool // that is the key, and nothing else is followed
	listeners map[*listener]struct{}
	urgent    bool // not to be held back when many watches are made again

	state map[string]kv
	rev   int64 // the revision that state is of; 0 when it has to be read anew
	known bool  // it was read once

	watch   int64 // its watch on the stream that stands, or 0
	waiting bool  // in a queue of the watcher
	pause   pause // after its watch was refused

	cached   any   // what decoded has made of state
	cachedAt int64 // of changes
	changes  int64 // counts those of state
}

// listener is told of every change, under mu: it must be quick, and it sees the latest state.
type listener struct{ changed func() }

// listen has l told of what stands under prefix; the topic begins with its first listener.
// Guarded by mu.
func (r *Registry) listen(prefix string, urgent bool, l *listener) *topic {
	t := r.topics[prefix]
	if t == nil {
		t = &topic{prefix: prefix, listeners: map[*listener]struct{}{}, urgent: urgent}
		r.topics[prefix] = t
		r.watcher.enqueue(t, true)
	}
	t.listeners[l] = struct{}{}
	if t.known {
		l.changed()
	}
	return t
}

// listenKey has l told of one key, which was found as at at revision rev: without a create revision it was not there.
// With rev 0 it is read first. Guarded by mu.
func (r *Registry) listenKey(at kv, rev int64, l *listener) *topic {
	t := r.topics[at.key]
	if t == nil {
		t = &topic{prefix: at.key, exact: true, listeners: map[*listener]struct{}{l: {}}, state: map[string]kv{}}
		if t.rev, t.known = rev, rev != 0; at.create != 0 {
			t.state[at.key] = at
		}
		r.topics[at.key] = t
		r.watcher.enqueue(t, true)
	}
	t.listeners[l] = struct{}{}
	return t
}

// unlisten ends a listener, and with the last one the topic. Guarded by mu.
func (r *Registry) unlisten(t *topic, l *listener) {
	delete(t.listeners, l)
	if len(t.listeners) > 0 || r.topics[t.prefix] != t {
		return
	}
	delete(r.topics, t.prefix)
	r.watcher.cancel(t)
}

// read has the state replaced by one that was got. Guarded by mu.
func (t *topic) read(kvs []*mvccpb.KeyValue, rev int64) {
	state := make(map[string]kv, len(kvs))
	for _, k := range kvs {
		state[string(k.Key)] = found(k)
	}
	same := t.known && maps.EqualFunc(state, t.state, func(a, b kv) bool {
		return a.create == b.create && a.mod == b.mod && a.lease == b.lease && string(a.value) == string(b.value)
	})
	t.state, t.rev, t.known = state, rev, true
	if !same {
		t.changes++
	}
	// Even if nothing has changed, that is now known of a later revision.
	t.tell()
}

// apply has events of its watch done. Guarded by mu.
func (t *topic) apply(events []*mvccpb.Event) {
	for _, e := range events {
		if e.Kv.ModRevision <= t.rev {
			continue
		}
		if e.Type == mvccpb.Event_DELETE {
			delete(t.state, string(e.Kv.Key))
		} else {
			t.state[string(e.Kv.Key)] = found(e.Kv)
		}
	}
	if n := len(events); n > 0 {
		t.rev = max(t.rev, events[n-1].Kv.ModRevision)
		t.changes++
		t.tell()
	}
}

// progress has the state be of rev, too: nothing has changed until then. Guarded by mu.
func (t *topic) progress(rev int64) {
	if rev > t.rev {
		t.rev = rev
		t.tell()
	}
}

// end is where the range of keys ends that is followed; empty for one key.
func (t *topic) end() string {
	if t.exact {
		return ""
	}
	return clientv3.GetPrefixRangeEnd(t.prefix)
}

func (t *topic) tell() {
	for l := range t.listeners {
		l.changed()
	}
}

// first is the key with the lowest create revision. Guarded by mu.
func (t *topic) first() (first kv) {
	for _, k := range t.state {
		if first.create == 0 || k.create < first.create {
			first = k
		}
	}
	return first
}

func found(k *mvccpb.KeyValue) kv {
	return kv{string(k.Key), k.Value, k.Lease, k.CreateRevision, k.ModRevision}
}

// decoded is what stands under t's prefix, oldest first, without what is garbage: that is logged once.
// It is made once per change, and then shared. Guarded by r.mu.
func decoded[T any](r *Registry, t *topic, decode func(kv, string) (T, error)) []T {
	if all, ok := t.cached.([]T); ok && t.cachedAt == t.changes {
		return all
	}
	all := decodeAll(slices.Collect(maps.Values(t.state)), t.prefix, decode, r.garbage)
	t.cached, t.cachedAt = all, t.changes
	return all
}

// decodeAll is what keys stand for, oldest first.
func decodeAll[T any](keys []kv, prefix string, decode func(kv, string) (T, error), garbage func(kv, error)) []T {
	slices.SortFunc(keys, func(a, b kv) int {
		if a.create != b.create {
			return int(min(max(a.create-b.create, -1), 1))
		}
		return slices.Compare([]byte(a.key), []byte(b.key))
	})
	all := make([]T, 0, len(keys))
	for _, k := range keys {
		if v, err := decode(k, prefix); err == nil {
			all = append(all, v)
		} else {
			garbage(k, err)
		}
	}
	return slices.Clip(all)
}
