package registry

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// lease is one that etcd has granted. There is a new one only when etcd does not have it any more.
type lease struct {
	id clientv3.LeaseID

	// deadline is until when claims under it hold: 2/3 TTL after its last renewal was sent.
	deadline atomic.Int64

	lost  bool  // guarded by the Registry's mu: etcd does not have it any more
	fence int64 // guarded by the Registry's mu: the revision of the member's record; 0 when it has to be written
}

// grant gets a lease. Its deadline is set: nothing is under it yet.
func (r *Registry) grant(ctx context.Context) (*lease, error) {
	sent := now()
	got, err := r.client.Grant(ctx, int64(r.cfg.TTL.Seconds()))
	if err != nil {
		return nil, err
	}
	l := &lease{id: got.ID}
	l.deadline.Store(r.deadline(sent))
	return l, nil
}

func (r *Registry) deadline(sent int64) int64 { return sent + int64(r.cfg.TTL)*2/3 }

// keep renews the lease until the Registry leaves. It is a goroutine.
func (r *Registry) keep() {
	defer r.done.Done()
	var sent int64
	for {
		rest := time.Duration(sent + int64(r.cfg.TTL)/3 - now()) // the first at once
		timer := time.NewTimer(rest)
		select {
		case <-r.ctx.Done():
			timer.Stop()
			return
		case <-r.kick:
		case <-timer.C:
		}
		timer.Stop()
		sent = r.renewed()
		if err := r.lift(); err != nil {
			r.cfg.Logger.Debug("write the base of tokens", "cluster", r.cfg.Cluster, "error", err)
		}
	}
}

// lift corrects the base where that is needed.
func (r *Registry) lift() error {
	r.mu.Lock()
	needed := r.unsettled()
	r.mu.Unlock()
	if !needed {
		return nil
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.cfg.TTL/5)
	defer cancel()
	return r.settle(ctx)
}

// renewed returns when the renewal was sent that has succeeded: of the lease as it is, or where etcd does
// not have it, when a new one was asked for.
func (r *Registry) renewed() (sent int64) {
	r.mu.Lock()
	l := r.lease
	r.mu.Unlock()
	for timeout := r.cfg.TTL / 5; r.ctx.Err() == nil; timeout = r.cfg.TTL / 3 {
		sent = now()
		err := r.renew(l, sent, timeout)
		if err == nil {
			return sent
		}
		if leaseNotFound(err) {
			r.lose(l)
			return r.replace()
		}
		r.reconnect()
		sleep(r.ctx, shortPause)
	}
	return sent
}

// renew renews a lease once. When its deadline has passed before, what it owned is read before it holds again.
func (r *Registry) renew(l *lease, sent int64, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(r.ctx, timeout)
	defer cancel()
	resp, err := r.keepAlive(ctx, l.id)
	if err != nil {
		return err
	}
	if now() >= l.deadline.Load() {
		if err := r.verify(ctx, l); err != nil {
			return err
		}
	}
	l.deadline.Store(r.deadline(sent))
	r.mu.Lock()
	defer r.mu.Unlock()
	if resp.Header.Revision < r.rev {
		wake(r.watcher.suspects)
	}
	r.lookRipe()
	return nil
}

// keepAlive sends one renewal. clientv3's own hides when it sends, and repeats it without a pause.
func (r *Registry) keepAlive(ctx context.Context, id clientv3.LeaseID) (*pb.LeaseKeepAliveResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := r.leases.LeaseKeepAlive(clientv3.WithRequireLeader(ctx))
	if err != nil {
		return nil, rpctypes.Error(err)
	}
	if err := s.Send(&pb.LeaseKeepAliveRequest{ID: int64(id)}); err != nil && !errors.Is(err, io.EOF) {
		return nil, rpctypes.Error(err)
	}
	resp, err := s.Recv()
	if err != nil {
		return nil, rpctypes.Error(err)
	}
	if resp.TTL <= 0 {
		return nil, rpctypes.ErrLeaseNotFound
	}
	return resp, nil
}

// verify reads the key of every claim that is owned, and has those lost whose key is gone.
func (r *Registry) verify(ctx context.Context, l *lease) error {
	const most = 100 // of 128 operations that etcd takes in one transaction
	type own struct {
		*Claim
		at  string
		rev int64
	}
	r.mu.Lock()
	var owned []own
	for _, c := range r.claims {
		if h := c.held.Load(); h != nil && h.lease == l {
			owned = append(owned, own{c, c.key.at, c.key.rev})
		}
	}
	r.mu.Unlock()
	for len(owned) > 0 {
		part := owned[:min(most, len(owned))]
		owned = owned[len(part):]
		var gets []clientv3.Op
		for _, c := range part {
			gets = append(gets, clientv3.OpGet(c.at, clientv3.WithKeysOnly()))
		}
		got, err := r.client.Txn(ctx).Then(gets...).Commit()
		if err != nil {
			return err
		}
		r.mu.Lock()
		for i, c := range part {
			kvs := got.Responses[i].GetResponseRange().Kvs
			if stands := len(kvs) > 0 && kvs[0].CreateRevision == c.rev; !stands && c.key.rev == c.rev {
				c.gone()
			}
		}
		r.mu.Unlock()
	}
	return nil
}

// lose has everything under a lease lost.
func (r *Registry) lose(l *lease) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l.lost, l.fence = true, 0
	for _, c := range r.claims {
		c.lose(ErrLeaseLost)
	}
	r.desk.lost()
	r.life.set(false, ErrLeaseLost)
	r.cfg.Logger.Warn("the lease is lost", "cluster", r.cfg.Cluster, "member", r.cfg.Member)
}

// replace gets a new lease, however long that takes, and has everything put again.
func (r *Registry) replace() (sent int64) {
	for r.ctx.Err() == nil {
		sent = now()
		ctx, cancel := context.WithTimeout(r.ctx, readTimeout)
		err := r.settle(ctx)
		var l *lease
		if err == nil {
			l, err = r.grant(ctx)
		}
		cancel()
		if err == nil {
			r.mu.Lock()
			r.lease = l
			r.desk.again()
			r.mu.Unlock()
			return sent
		}
		r.reconnect()
		sleep(r.ctx, shortPause)
	}
	return sent
}

// life is what Changed is told.
type life struct {
	teller
	dead, told bool  // guarded by the Registry's mu: as it is, and as it was told
	err        error // guarded by the Registry's mu: why it is dead
}

func (f *life) set(alive bool, err error) {
	f.dead, f.err = !alive, err
	f.poke()
}

func (r *Registry) lifeNext() func() {
	f := &r.life
	if f.dead == f.told || r.cfg.Changed == nil {
		return nil
	}
	f.told = f.dead
	alive, err := !f.dead, f.err
	return func() { r.cfg.Changed(alive, err) }
}
