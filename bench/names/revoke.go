package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
)

// revocations revokes a lease under which many records stand, while a member renews its own as fast as it can, and
// another one watches all names.
func revocations(ctx context.Context, s *scene) error {
	both, err := s.join(ctx, "member-", 2, 3*time.Second)
	if err != nil {
		return err
	}
	load := fmt.Sprintf("%d records under a lease", s.revoked)
	var answered, told, held, cpu []float64
	for round := range s.rounds {
		owner, err := s.join(ctx, fmt.Sprintf("owner-%d-", round), 1, 0)
		if err != nil {
			return err
		}
		r := &revocation{scene: s, owner: owner[0], follower: both[0], neighbour: both[1], gone: make(chan struct{})}
		if err := r.run(ctx, round*s.revoked); err != nil {
			return err
		}
		answered, told = append(answered, ms(r.answered)), append(told, ms(r.told))
		held, cpu = append(held, ms(r.held)), append(cpu, r.cpu)
	}
	s.rep.add(load, "until the revocation is answered, median", median(answered), "ms")
	s.rep.add(load, "until a watcher is told of all, median", median(told), "ms")
	s.rep.add(load, "until a watcher is told of all, longest", longest(told), "ms")
	s.rep.add(load, "another member's longest renewal", longest(held), "ms")
	s.rep.add(load, "etcd CPU for each record", median(cpu)/float64(s.revoked)*1e6, "us")
	return nil
}

// revocation is one.
type revocation struct {
	*scene
	owner, follower, neighbour *member

	deleted              atomic.Int64
	gone                 chan struct{}
	answered, told, held time.Duration
	cpu                  float64
}

func (r *revocation) run(ctx context.Context, base int) error {
	var items []item
	for i := range r.revoked {
		items = append(items, item{recordKey(base+i, r.owner.name), recordValue(r.owner.name, 1)})
	}
	if _, err := r.owner.put(ctx, r.owner.lease, items); err != nil {
		return err
	}
	at, err := r.follower.client.Get(ctx, "now")
	if err != nil {
		return err
	}
	w, err := r.follower.watchStream(ctx, r.event, nil, 0)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.watch(1, prefix+"name/", at.Header.Revision+1); err != nil {
		return err
	}
	if err := created(ctx, []*stream{w}, 1); err != nil {
		return err
	}
	return r.revoke(ctx)
}

func (r *revocation) event(got *pb.WatchResponse) {
	n := int64(0)
	for _, e := range got.Events {
		if e.Type == mvccpb.Event_DELETE {
			n++
		}
	}
	if r.deleted.Add(n) == int64(r.revoked) {
		close(r.gone)
	}
}

func (r *revocation) revoke(ctx context.Context) error {
	before, err := r.etcd.used()
	if err != nil {
		return err
	}
	renewing, stop := context.WithCancel(ctx)
	renewed := make(chan time.Duration)
	go func() { renewed <- r.renewAlong(renewing) }()
	began := time.Now()
	_, err = r.owner.client.Revoke(ctx, r.owner.lease)
	r.answered = time.Since(began)
	if err == nil {
		select {
		case <-r.gone:
		case <-ctx.Done():
			err = fmt.Errorf("%d records of %d are gone: %w", r.deleted.Load(), r.revoked, ctx.Err())
		}
	}
	r.told = time.Since(began)
	stop()
	r.held = <-renewed
	if err != nil {
		return err
	}
	after, err := r.etcd.used()
	r.cpu = after.cpu - before.cpu
	return err
}

// renewAlong renews the neighbour's lease again and again, and returns how long that took at most.
func (r *revocation) renewAlong(ctx context.Context) (most time.Duration) {
	for ctx.Err() == nil {
		began := time.Now()
		r.neighbour.renew(ctx) // one that fails took TTL/5
		most = max(most, time.Since(began))
		sleep(ctx, time.Millisecond)
	}
	return most
}
