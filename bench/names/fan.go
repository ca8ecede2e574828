package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// fanOut puts one name's record again and again, which many members follow, each over a connection of its own.
func fanOut(ctx context.Context, s *scene) error {
	f := &fan{scene: s}
	for _, n := range s.plan.fan {
		more, err := s.join(ctx, fmt.Sprintf("follower-%d-", n), n-len(f.all), 0)
		if err != nil {
			return err
		}
		if err := f.follow(ctx, more); err != nil {
			return err
		}
		if err := f.measure(ctx); err != nil {
			return err
		}
	}
	return nil
}

// fan is a name with its followers.
type fan struct {
	*scene
	all  []*member
	last atomic.Pointer[telling]
}

// telling is one put, until all have been told.
type telling struct {
	began time.Time
	told  []atomic.Int64 // after how many nanoseconds, for each follower
	left  atomic.Int64
	done  chan struct{}
}

func (f *fan) follow(ctx context.Context, more []*member) error {
	at, err := f.anyone().client.Get(ctx, "now")
	if err != nil {
		return err
	}
	streams := make([]*stream, len(more))
	first := len(f.all)
	f.all = append(f.all, more...)
	err = each(ctx, len(more), 32, func(ctx context.Context, i int) (err error) {
		streams[i], err = more[i].watchStream(context.WithoutCancel(ctx), func(*pb.WatchResponse) { f.told(first + i) }, nil, 0)
		if err != nil {
			return err
		}
		return streams[i].watch(1, recordsOf(0), at.Header.Revision+1)
	})
	if err != nil {
		return err
	}
	return created(ctx, streams, 1)
}

// created waits until every stream has so many watches.
func created(ctx context.Context, streams []*stream, n int64) error {
	for _, w := range streams {
		for w.created.Load() < n {
			if !sleep(ctx, time.Millisecond) {
				return fmt.Errorf("wait for watches: %w", ctx.Err())
			}
		}
	}
	return nil
}

// told is called on the goroutine of a follower's stream.
func (f *fan) told(i int) {
	t := f.last.Load()
	if t == nil || !t.told[i].CompareAndSwap(0, int64(time.Since(t.began))) {
		return
	}
	if t.left.Add(-1) == 0 {
		close(t.done)
	}
}

func (f *fan) measure(ctx context.Context) error {
	var typical, last []time.Duration
	sent := f.wire.total()
	before, err := f.etcd.used()
	if err != nil {
		return err
	}
	for i := range f.puts {
		t := &telling{began: time.Now(), told: make([]atomic.Int64, len(f.all)), done: make(chan struct{})}
		t.left.Store(int64(len(f.all)))
		f.last.Store(t)
		m := f.all[0]
		if _, err := m.client.Put(ctx, recordKey(0, m.name), recordValue(m.name, int64(i+1)), clientv3.WithLease(m.lease)); err != nil {
			return err
		}
		select {
		case <-t.done:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d were not told: %w", t.left.Load(), len(f.all), ctx.Err())
		}
		all := make([]time.Duration, len(f.all))
		for i := range all {
			all[i] = time.Duration(t.told[i].Load())
		}
		typical, last = append(typical, median(all)), append(last, longest(all))
	}
	after, err := f.etcd.used()
	if err != nil {
		return err
	}
	load, events := fmt.Sprintf("%d followers of a name", len(f.all)), float64(len(f.all)*f.puts)
	f.rep.took(load, "put until half are told, median", median(typical))
	f.rep.took(load, "put until the last is told, median", median(last))
	f.rep.took(load, "put until the last is told, longest", longest(last))
	f.rep.add(load, "etcd CPU for each told", (after.cpu-before.cpu)/events*1e6, "us")
	f.rep.add(load, "bytes on the wire for each told", float64(f.wire.total()-sent)/events, "bytes")
	return nil
}
