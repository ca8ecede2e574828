package registry

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	maxBatch = 32 // keys in one transaction: etcd takes 128 operations, nested ones included

	// How long a transaction may take, and when one was too slow the next: a group that has just lost its leader
	// may never answer, and is asked again soon, and a disk may be slow.
	shortWrite = time.Second
	longWrite  = 8 * time.Second
)

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
