package registry

import (
	"context"
	"slices"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	maxBatch = 32 // keys in one transaction: etcd takes 128 operations, nested ones included

	// How long a transaction may take, and when one was too slow the next: a group that has just lost its leader
	// may never answer, and is asked again soon, and a disk may be slow.
	shortWrite = time.Second
	longWrite  = 8 * time.Second
)

// key is one that this member wants to stand, or to be gone. All of it is guarded by the Registry's mu.
type key struct {
	at    string // the key in etcd
	value []byte
	want  bool // it should stand
	under *key // its claim: it may be put only while that stands with its revision

	rev   int64  // its create revision while it stands as far as is known
	stale bool   // it stands with another value
	ask   bool   // it stands, and the question is whether it is first
	path  string // the prefix in which it wants to be first

	queued  bool
	tried   bool          // it was in a transaction under the lease as it is
	settled func(outcome) // told under mu, while it is wanted
	gone    chan struct{} // closed when it is not wanted, and gone
}

// outcome is what has become of a key.
type outcome struct {
	err   error // a *NotOwnerError, or that the Registry has left
	first kv    // the first under path, if that was asked
	gone  bool  // it does not stand any more
	young bool
	base  base
}

// desk has the keys that are to be written. Its fields are guarded by the Registry's mu.
type desk struct {
	wake  chan struct{}
	queue []*key            // each once
	all   map[*key]struct{} // those that are wanted, and those that are not yet gone
}

// put has k written: now if k is new, again if it has changed. Guarded by mu.
func (d *desk) put(k *key) {
	d.all[k] = struct{}{}
	if !k.queued {
		k.queued = true
		d.queue = append(d.queue, k)
	}
	wake(d.wake)
}

// putBack has keys written first that were to be: what goes before what stays so. Guarded by mu.
func (d *desk) putBack(batch []*key) {
	again := make([]*key, 0, len(batch)+len(d.queue))
	for _, k := range append(batch, d.queue...) {
		if _, ok := d.all[k]; ok && !slices.Contains(again[:min(len(again), len(batch))], k) {
			k.queued = true
			again = append(again, k)
		}
	}
	d.queue = again
	wake(d.wake)
}

// discard has a key gone, which is not wanted any more; when it is, k.gone is closed. What was never tried needs no
// transaction: with etcd away nothing piles up. Guarded by mu.
func (d *desk) discard(k *key) {
	k.want, k.ask, k.settled = false, false, nil
	if k.gone = make(chan struct{}); k.tried {
		d.put(k)
		return
	}
	if k.queued {
		d.queue = slices.DeleteFunc(d.queue, func(other *key) bool { return other == k })
		k.queued = false
	}
	d.finish(k, outcome{gone: true})
}

// lost has every key gone with its lease. Guarded by mu.
func (d *desk) lost() {
	for k := range d.all {
		k.rev, k.ask, k.stale, k.tried = 0, false, false, false
		if !k.want {
			d.finish(k, outcome{gone: true})
		}
	}
}

// again has every key put. Guarded by mu.
func (d *desk) again() {
	for k := range d.all {
		d.put(k)
	}
	wake(d.wake) // for the member's record
}

// finish tells what has become of a key; one that is not wanted is forgotten. Guarded by mu.
func (d *desk) finish(k *key, o outcome) {
	if !k.want {
		d.forget(k)
	} else if k.settled != nil {
		k.settled(o)
	}
}

func (d *desk) forget(k *key) {
	if _, ok := d.all[k]; ok {
		delete(d.all, k)
		close(k.gone)
	}
}

// abandon tells everybody who waits that nothing is written any more. Guarded by mu.
func (d *desk) abandon(err error) {
	for k := range d.all {
		if !k.want {
			d.forget(k)
		} else if k.settled != nil {
			k.settled(outcome{err: err})
		}
	}
	d.queue = nil
}

// take returns what to write next, under which lease; nothing while there is no lease. Guarded by mu.
func (d *desk) take() (batch []*key) {
	batch = slices.Clone(d.queue[:min(maxBatch, len(d.queue))])
	d.queue = slices.Delete(d.queue, 0, len(batch))
	for _, k := range batch {
		k.queued = false
	}
	return batch
}

// write does all writing, until the Registry leaves. It is a goroutine.
func (r *Registry) write() {
	defer r.done.Done()
	var p pause
	timeout := shortWrite
	for {
		r.mu.Lock()
		l := r.lease
		idle := l.lost || l.fence != 0 && len(r.desk.queue) == 0
		r.mu.Unlock()
		if idle {
			select {
			case <-r.ctx.Done():
				return
			case <-r.desk.wake:
			}
			continue
		}
		err := r.writeSome(l, timeout)
		if r.ctx.Err() != nil {
			return
		}
		if err == nil {
			p.reset()
			timeout = shortWrite
			continue
		}
		timeout = min(2*timeout, longWrite)
		if leaseNotFound(err) {
			wake(r.kick)
		} else {
			r.cfg.Logger.Debug("write to etcd", "cluster", r.cfg.Cluster, "error", err)
		}
		if !sleep(r.ctx, p.next()) {
			return
		}
	}
}

// writeSome writes the member's record where that is needed, or else some keys, in one transaction.
func (r *Registry) writeSome(l *lease, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(r.ctx, timeout)
	defer cancel()
	r.mu.Lock()
	fence := l.fence
	if fence == 0 {
		r.mu.Unlock()
		return r.fence(ctx, l)
	}
	batch := r.desk.take()
	txn := make([]clientv3.Op, len(batch))
	plans := make([]plan, len(batch))
	for i, k := range batch {
		k.tried = true
		txn[i], plans[i] = r.operation(l, k), plan{k, *k}
	}
	r.mu.Unlock()
	own := clientv3.Compare(clientv3.ModRevision(r.member()), "=", fence)
	got, err := r.client.Txn(ctx).If(own).Then(txn...).Commit()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil || !got.Succeeded {
		// It may have been applied, or may yet be: not any more when the member's record has another revision.
		l.fence = 0
		r.desk.putBack(batch)
		return err
	}
	r.rev = max(r.rev, got.Header.Revision)
	for i := range plans {
		if !l.lost {
			r.result(l, &plans[i], got.Responses[i].GetResponseTxn(), got.Header.Revision)
		}
	}
	return nil
}

// plan is a key and how it was when the transaction was made.
type plan struct {
	key *key
	was key
}

// operation is what is to be done for a key.
func (r *Registry) operation(l *lease, k *key) clientv3.Op {
	ours := clientv3.Compare(clientv3.LeaseValue(k.at), "=", int64(l.id))
	if !k.want {
		return clientv3.OpTxn([]clientv3.Cmp{ours}, []clientv3.Op{clientv3.OpDelete(k.at)}, nil)
	}
	if k.ask {
		same := clientv3.Compare(clientv3.CreateRevision(k.at), "=", k.rev)
		return clientv3.OpTxn([]clientv3.Cmp{same}, []clientv3.Op{
			clientv3.OpGet(k.path, append(clientv3.WithFirstCreate(), clientv3.WithKeysOnly())...),
			clientv3.OpGet(r.prefix+"base", clientv3.WithPrefix()),
		}, nil)
	}
	state := clientv3.Compare(clientv3.CreateRevision(k.at), "=", 0)
	if k.stale {
		state = ours
	}
	cmp, otherwise := []clientv3.Cmp{state}, []clientv3.Op{clientv3.OpGet(k.at)}
	if k.under != nil {
		cmp = append(cmp, clientv3.Compare(clientv3.CreateRevision(k.under.at), "=", k.under.rev))
		otherwise = append(otherwise, clientv3.OpGet(k.under.at, clientv3.WithKeysOnly()))
	}
	return clientv3.OpTxn(cmp, []clientv3.Op{clientv3.OpPut(k.at, string(k.value), clientv3.WithLease(l.id))}, otherwise)
}

// result does what a transaction says of a key. Guarded by mu.
func (r *Registry) result(l *lease, p *plan, got *pb.TxnResponse, rev int64) {
	k := p.key
	switch {
	case k.want != p.was.want || string(k.value) != string(p.was.value):
		// It was changed meanwhile, and is in the queue for that; what it was put as is still known.
		if p.was.want && !p.was.ask && got.Succeeded && k.rev == 0 {
			k.rev = rev
		}
		k.stale = k.want && k.rev != 0
	case !k.want:
		k.rev = 0
		r.desk.finish(k, outcome{gone: true})
	case p.was.ask:
		if k.ask && k.rev == p.was.rev {
			k.ask = false
			r.desk.finish(k, r.answer(got))
		}
	case got.Succeeded:
		if k.rev == 0 {
			k.rev = rev
		}
		k.stale = false
		r.desk.finish(k, outcome{})
	default:
		r.refused(l, k, p.was, got)
	}
}

// answer is the outcome of the question whether a key is first.
func (r *Registry) answer(got *pb.TxnResponse) (o outcome) {
	if !got.Succeeded {
		return outcome{gone: true}
	}
	if first := got.Responses[0].GetResponseRange().Kvs; len(first) > 0 {
		o.first = found(first[0])
	}
	o.base, o.young = r.readBase(got.Responses[1].GetResponseRange().Kvs)
	return o
}

// refused finds out why a key could not be put: it stands, a stranger has it, or its claim is gone.
// Guarded by mu.
func (r *Registry) refused(l *lease, k *key, was key, got *pb.TxnResponse) {
	if k.under != nil {
		if at := got.Responses[1].GetResponseRange().Kvs; len(at) == 0 || at[0].CreateRevision != was.under.rev {
			r.desk.finish(k, outcome{gone: true})
			return
		}
	}
	at := got.Responses[0].GetResponseRange().Kvs
	switch {
	case len(at) == 0: // it was to be changed, and is gone
		k.rev, k.stale = 0, false
	case at[0].Lease == int64(l.id): // a transaction of which nobody knew was applied
		k.rev, k.stale = at[0].CreateRevision, string(at[0].Value) != string(k.value)
		if !k.stale {
			r.desk.finish(k, outcome{})
			return
		}
	default:
		k.at, k.rev, k.stale = r.nextKey(k.path), 0, false
	}
	r.desk.put(k)
}

// member is the key of this member's own record.
func (r *Registry) member() string { return r.prefix + "member/" + r.cfg.Member }
