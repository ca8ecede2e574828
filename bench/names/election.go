package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
)

// candidates is how many members wait for each name.
const candidates = 3

// elections ends the lease of a member that owns many names, some times.
func elections(ctx context.Context, s *scene) error {
	rivals, err := s.join(ctx, "rival-", s.rivals, 0)
	if err != nil {
		return err
	}
	var first, served, cpu, transactions []float64
	for round := range s.rounds {
		owner, err := s.join(ctx, fmt.Sprintf("owner-%d-", round), 1, 0)
		if err != nil {
			return err
		}
		e := &election{scene: s, base: round * s.contested, rivals: rivals, owner: owner[0]}
		if err := e.run(ctx); err != nil {
			return err
		}
		first, served = append(first, ms(e.first)), append(served, ms(e.served))
		cpu, transactions = append(cpu, e.cpu), append(transactions, float64(e.transactions.Load()))
	}
	load := fmt.Sprintf("%d names, %d candidates each", s.contested, candidates)
	n := float64(s.contested)
	s.rep.add(load, "until all know that they own, median", median(first), "ms")
	s.rep.add(load, "until all know that they own, longest", longest(first), "ms")
	s.rep.add(load, "until all records are put, median", median(served), "ms")
	s.rep.add(load, "until all records are put, for each name", median(served)/n, "ms")
	s.rep.add(load, "etcd CPU for each name", median(cpu)/n*1e6, "us")
	s.rep.add(load, "transactions of all, median", median(transactions), "")
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// election is one: names with an owner and with members that wait.
type election struct {
	*scene
	base   int // the first name's number
	rivals []*member
	owner  *member

	queues        [][]place // immutable once the lease ends: of each name, oldest first, without the owner
	desks         []chan job
	asked, put    atomic.Int64
	transactions  atomic.Int64
	known, all    chan struct{}
	first, served time.Duration
	cpu           float64
}

// place is a candidate's in the queue for a name.
type place struct {
	rival int
	rev   int64
}

// job is what a rival has to write for a name.
type job struct {
	name     int // from 0 on
	rev      int64
	announce bool
}

func (e *election) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := e.claim(ctx); err != nil {
		return err
	}
	e.known, e.all = make(chan struct{}), make(chan struct{})
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel(nil)
	for range e.rivals {
		e.desks = append(e.desks, make(chan job, 2*e.contested))
	}
	for i := range e.rivals {
		running.Go(func() {
			if err := e.desk(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	streams, err := e.follow(ctx)
	if err != nil {
		return err
	}
	defer func() {
		for _, w := range streams {
			w.close()
		}
	}()
	before, err := e.etcd.used()
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := e.owner.client.Revoke(ctx, e.owner.lease); err != nil {
		return err
	}
	for _, step := range []struct {
		done chan struct{}
		took *time.Duration
	}{{e.known, &e.first}, {e.all, &e.served}} {
		select {
		case <-step.done:
			*step.took = time.Since(began)
		case <-ctx.Done():
			return fmt.Errorf("%d names of %d have an owner: %w", e.asked.Load(), e.contested, context.Cause(ctx))
		}
	}
	after, err := e.etcd.used()
	e.cpu = after.cpu - before.cpu
	return err
}

// claim has the owner claim and announce every name, and then three rivals each.
func (e *election) claim(ctx context.Context) error {
	var items []item
	for i := range e.contested {
		items = append(items, item{claimKey(e.base+i, e.owner.name), ""},
			item{recordKey(e.base+i, e.owner.name), recordValue(e.owner.name, 1)})
	}
	if _, err := e.owner.put(ctx, e.owner.lease, items); err != nil {
		return err
	}
	e.queues = make([][]place, e.contested)
	var mu sync.Mutex
	err := each(ctx, len(e.rivals), len(e.rivals), func(ctx context.Context, r int) error {
		var items []item
		names := e.of(r)
		for _, i := range names {
			items = append(items, item{claimKey(e.base+i, e.rivals[r].name), ""})
		}
		revs, err := e.rivals[r].put(ctx, e.rivals[r].lease, items)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for n, i := range names {
			e.queues[i] = append(e.queues[i], place{r, revs[n]})
		}
		return nil
	})
	for _, q := range e.queues {
		slices.SortFunc(q, func(a, b place) int { return int(a.rev - b.rev) })
	}
	return err
}

// of is the names for which a rival waits.
func (e *election) of(rival int) (names []int) {
	for i := range e.contested {
		if (rival-i%len(e.rivals)+len(e.rivals))%len(e.rivals) < candidates {
			names = append(names, i)
		}
	}
	return names
}

// follow has every rival watch the queues in which it waits.
func (e *election) follow(ctx context.Context) ([]*stream, error) {
	at, err := e.rivals[0].client.Get(ctx, "now")
	if err != nil {
		return nil, err
	}
	var streams []*stream
	for r, m := range e.rivals {
		w, err := m.watchStream(ctx, func(got *pb.WatchResponse) { e.told(r, got) }, nil, 0)
		if err != nil {
			return streams, err
		}
		streams = append(streams, w)
		names := e.of(r)
		for _, i := range names {
			if err := w.watch(int64(i+1), claimsOf(e.base+i), at.Header.Revision+1); err != nil {
				return streams, err
			}
		}
		if err := created(ctx, []*stream{w}, int64(len(names))); err != nil {
			return streams, err
		}
	}
	return streams, nil
}

// told is called on the goroutine of a rival's stream: whoever is first now asks whether that is so.
func (e *election) told(rival int, got *pb.WatchResponse) {
	name := int(got.WatchId) - 1
	for _, ev := range got.Events {
		if ev.Type == mvccpb.Event_DELETE && e.queues[name][0].rival == rival {
			e.desks[rival] <- job{name: name, rev: e.queues[name][0].rev}
		}
	}
}
