package registry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// step is how far the base is raised above the highest token that is known: those that were given and not seen
// lie below.
const step = 1 << 20

// base is the value of the key base. It is written by the first member in a history of etcd, and then only
// ever raised.
type base struct {
	History string `json:"history"` // a name for that history, by chance
	Base    int64  `json:"base"`    // what is added to a create revision
}

// lookHistory finds out in the background which history etcd has, and says whether it is another one.
func (r *Registry) lookHistory() (changed bool, err error) {
	ctx, cancel := context.WithTimeout(r.ctx, readTimeout)
	defer cancel()
	changed, err = r.look(ctx)
	if err == nil {
		r.mu.Lock()
		r.correct()
		r.mu.Unlock()
	}
	return changed, err
}

// look reads the history of etcd. When it is another one every topic has to be read again.
func (r *Registry) look(ctx context.Context) (changed bool, err error) {
	r.mu.Lock()
	floor := r.rev
	r.mu.Unlock()
	got, err := r.client.Get(ctx, r.prefix+"base", clientv3.WithPrefix())
	if err != nil {
		return false, err
	}
	rev := got.Header.Revision
	r.mu.Lock()
	defer r.mu.Unlock()
	b, young := r.readBase(got.Kvs)
	if rev < floor || r.history != "" && b.History != r.history {
		r.cfg.Logger.Warn("etcd has another history: it is read anew", "cluster", r.cfg.Cluster,
			"revision", rev, "before", r.rev)
		changed = true
		r.floor = max(r.floor, r.base+max(r.rev, floor))
		r.rev, r.history = rev, ""
		for _, t := range r.topics {
			t.rev = 0
		}
		r.watcher.outdated = true
		wake(r.watcher.suspects)
	}
	r.rev = max(r.rev, rev)
	r.adopt(b, young)
	return changed, nil
}

// readBase returns what the keys that begin with base say.
func (r *Registry) readBase(kvs []*mvccpb.KeyValue) (b base, young bool) {
	for _, k := range kvs {
		switch string(k.Key) {
		case r.prefix + "base":
			if err := decodeBase(k.Value, &b); err != nil {
				r.garbage(found(k), err)
				b = base{}
			}
		case r.prefix + "base-young":
			young = true
		}
	}
	return b, young
}

func decodeBase(value []byte, b *base) error {
	if err := decode(value, b); err != nil {
		return err
	}
	if b.Base < 0 || b.Base > 1<<62 || b.History == "" {
		return errors.New("no base")
	}
	return nil
}

// adopt takes over what etcd says of its history. Guarded by mu.
func (r *Registry) adopt(b base, young bool) {
	if r.history != "" && b.History != r.history {
		r.floor = max(r.floor, r.base+r.rev)
	}
	r.history, r.base, r.young = b.History, b.Base, young
}

// unsettled says whether the base is not what it has to be. Guarded by mu.
func (r *Registry) unsettled() bool { return r.history == "" || r.base < r.floor }

// correct has the keeper settle the history where that is needed. Guarded by mu.
func (r *Registry) correct() {
	if !r.cfg.Observer && r.unsettled() {
		wake(r.kick)
	}
}

// baseChanged is told of the keys that begin with base.
func (r *Registry) baseChanged() {
	t := r.topics[r.prefix+"base"]
	if t.rev == 0 {
		return
	}
	var b base
	if k, ok := t.state[r.prefix+"base"]; ok {
		if err := decodeBase(k.value, &b); err != nil {
			r.garbage(k, err)
			b = base{}
		}
	}
	_, young := t.state[r.prefix+"base-young"]
	r.adopt(b, young)
	r.correct()
	r.lookRipe()
}

// settle has a base stand that is above all tokens this member knows of. Who begins a history says that it is
// young.
func (r *Registry) settle(ctx context.Context) error {
	for {
		if _, err := r.look(ctx); err != nil {
			return err
		}
		r.mu.Lock()
		history, lifted, floor := r.history, r.base, r.floor
		r.mu.Unlock()
		if history != "" && lifted >= floor {
			return nil
		}
		if err := r.raise(ctx, history, lifted, floor); err != nil {
			return err
		}
	}
}

// raise writes a base above floor, if nobody has written one since it was read.
func (r *Registry) raise(ctx context.Context, history string, lifted, floor int64) error {
	key := r.prefix + "base"
	got, err := r.client.Get(ctx, key)
	if err != nil {
		return err
	}
	same, next := clientv3.Compare(clientv3.CreateRevision(key), "=", 0), base{History: history, Base: lifted}
	if len(got.Kvs) > 0 {
		same = clientv3.Compare(clientv3.ModRevision(key), "=", got.Kvs[0].ModRevision)
		var b base
		if err := decodeBase(got.Kvs[0].Value, &b); err == nil {
			if b.History != history {
				return nil // somebody was quicker: it is looked at again
			}
			lifted = b.Base
		}
	}
	if floor > lifted {
		next.Base = floor + step
	}
	var puts []clientv3.Op
	if history == "" {
		next.History = rand.Text()
		if !r.cfg.Hasty {
			young, err := r.client.Grant(ctx, youth(r.cfg.TTL))
			if err != nil {
				return err
			}
			puts = append(puts, clientv3.OpPut(key+"-young", "", clientv3.WithLease(young.ID)))
		}
	}
	puts = append(puts, clientv3.OpPut(key, string(encode(next))))
	_, err = r.client.Txn(ctx).If(same).Then(puts...).Commit()
	if err != nil {
		return fmt.Errorf("write the base of tokens: %w", err)
	}
	return nil
}

// youth is for how many seconds nobody may own in a new history: no deadline of the one before lies farther ahead
// than two thirds of the TTL, counted from when that history ended, which was before this one began.
func youth(ttl time.Duration) int64 { return int64((2*ttl/3 + time.Second - 1) / time.Second) }
