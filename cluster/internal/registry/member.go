package registry

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// enter begins a membership: the lease and the member's record under it.
func (r *Registry) enter(ctx context.Context) error {
	if err := r.settle(ctx); err != nil {
		return err
	}
	for {
		if err := r.vacant(ctx); err != nil {
			return err
		}
		l, err := r.grant(ctx)
		if err != nil {
			return err
		}
		r.lease = l
		err = r.fence(ctx, l)
		if err == nil {
			return nil
		}
		r.forsake(l)
		if taken := (*MemberTakenError)(nil); !errors.As(err, &taken) { // else somebody was quicker
			return err
		}
	}
}

// forsake gives a lease back that came to nothing, if that can be done soon.
func (r *Registry) forsake(l *lease) {
	ctx, cancel := context.WithTimeout(context.Background(), shortPause)
	defer cancel()
	r.client.Revoke(ctx, l.id)
}

// vacant waits until no record stands under the member's name. It fails when whoever has that name is alive.
func (r *Registry) vacant(ctx context.Context) error {
	var s sight
	taken := &MemberTakenError{Cluster: r.cfg.Cluster, Member: r.cfg.Member}
	for seen := false; ; {
		got, err := r.client.Get(ctx, r.member())
		switch {
		case err != nil && seen && ctx.Err() != nil:
			taken.Err = ctx.Err()
			return taken
		case err != nil:
			return err
		case len(got.Kvs) == 0:
			return nil
		case got.Kvs[0].Lease == 0:
			return taken // it would stand for ever
		}
		seen = true
		if alive, _ := r.sight(ctx, &s, got.Kvs[0].Lease); alive {
			return taken
		}
		sleep(ctx, r.cfg.TTL/10)
	}
}

// fence writes the member's record under l, so that it has another revision than before. It fails with a
// *MemberTakenError when the record is another's.
func (r *Registry) fence(ctx context.Context, l *lease) error {
	at := r.member()
	put := clientv3.OpPut(at, string(encode(r.cfg.Info)), clientv3.WithLease(l.id))
	ours := clientv3.Compare(clientv3.LeaseValue(at), "=", int64(l.id))
	none := clientv3.Compare(clientv3.CreateRevision(at), "=", 0)
	got, err := r.client.Txn(ctx).If(ours).Then(put).Else(
		clientv3.OpTxn([]clientv3.Cmp{none}, []clientv3.Op{put}, nil)).Commit()
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rev = max(r.rev, got.Header.Revision)
	if !got.Succeeded && !got.Responses[0].GetResponseTxn().Succeeded {
		taken := &MemberTakenError{Cluster: r.cfg.Cluster, Member: r.cfg.Member}
		if r.life.err == nil || r.life.err.Error() != taken.Error() {
			r.cfg.Logger.Warn("the member's name was taken by another", "cluster", r.cfg.Cluster, "member", r.cfg.Member)
		}
		r.life.set(false, taken)
		return taken
	}
	l.fence = got.Header.Revision
	r.life.set(true, nil)
	return nil
}

// nextKey is a key of ours that no other has. Guarded by mu.
func (r *Registry) nextKey(prefix string) string {
	r.serial++
	return prefix + r.cfg.Member + "-" + strconv.FormatUint(r.serial, 10)
}

// Advertise has a record stand under name for as long as this member lives, or until it is withdrawn. After a
// lost lease it is put again. It returns at once; a record or a name that cannot stand is logged, and
// nothing else. rec.Member is set, and a Token of 0 is read as the record's create revision. withdraw
// returns at once, too, and the record goes when etcd can be reached.
func (r *Registry) Advertise(name string, rec Record) (withdraw func()) {
	rec.Member = r.cfg.Member
	if err := r.advertisable(name, rec); err != nil {
		r.cfg.Logger.Error("advertise", "name", name, "error", err)
		return func() {}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left {
		return func() {}
	}
	path := r.records(name)
	k := &key{at: r.nextKey(path), path: path, value: encode(rec), want: true, minded: true}
	r.desk.put(k)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if k.want && !r.left {
			r.discard(k)
		}
	}
}

func (r *Registry) advertisable(name string, rec Record) error {
	if r.cfg.Observer {
		return ErrObserver
	}
	if err := CheckName(name); err != nil {
		return err
	}
	if rec.Token < 0 {
		return fmt.Errorf("token %d", rec.Token)
	}
	return rec.check()
}

// records is the prefix of what stands under a name.
func (r *Registry) records(name string) string { return r.prefix + "name/" + name + "/" }

// candidates is the prefix of who claims a name.
func (r *Registry) candidates(name string) string { return r.prefix + "claim/" + name + "/" }

// mark is the key of who owns a name.
func (r *Registry) mark(name string) string { return r.prefix + "owner/" + name }

// member is the key of this member's own record.
func (r *Registry) member() string { return r.prefix + "member/" + r.cfg.Member }
