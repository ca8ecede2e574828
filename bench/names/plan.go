package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// plan is how large the loads are.
type plan struct {
	quick     bool
	records   []int // steps
	claims    int
	desks     int // members that write at once
	fan       []int
	puts      int // of one name, for each fan
	joining   []int
	ttls      []time.Duration
	window    time.Duration // in which CPU is measured, rounds times
	rounds    int
	contested int // names of the owner that dies
	rivals    int // members that wait for them, of which each name has three
	revoked   int
	watches   []int
	watchers  int           // members among which watches are spread
	changes   int           // of other names, before a server is killed that was not told of them
	patience  time.Duration // for one storm of watches
}

func planned(cfg config) plan {
	p := plan{
		records: []int{1_000, 10_000, 100_000}, claims: 20_000, desks: 10, fan: []int{500, 2_000}, puts: 20,
		joining: []int{100, 300, 1_000}, ttls: []time.Duration{3 * time.Second, 10 * time.Second},
		window: 2 * time.Second, rounds: 3, contested: 1_000, rivals: 10, revoked: 20_000,
		watches: []int{1_000, 10_000, 100_000}, watchers: 100, changes: 2_000, patience: 55 * time.Second,
	}
	if p.quick = cfg.quick; p.quick {
		p.records, p.claims, p.fan = []int{1_000, 5_000}, 3_000, []int{100, 300}
		p.joining, p.ttls, p.window, p.rounds = []int{30, 100}, p.ttls[:1], 500*time.Millisecond, 2
		p.contested, p.revoked, p.watches, p.watchers = 200, 3_000, []int{300, 2_000}, 30
		p.changes, p.patience = 300, 5*time.Second
	}
	scaled := func(n *int) { *n = max(4, int(float64(*n)*cfg.scale)) }
	for _, n := range []*int{&p.claims, &p.contested, &p.revoked, &p.watchers, &p.changes} {
		scaled(n)
	}
	for _, list := range [][]int{p.records, p.fan, p.joining, p.watches} {
		for i := range list {
			scaled(&list[i])
			if i > 0 {
				list[i] = max(list[i], list[i-1]+1)
			}
		}
	}
	return p
}

// scene is one load on one server.
type scene struct {
	plan
	etcd *etcd
	rep  *report
	wire *wire

	mu      sync.Mutex
	members []*member // guarded by mu
}

// end closes what the members of the scene have open.
func (s *scene) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.members {
		m.client.Close()
	}
	s.members = nil
}

// join has n members join, each with a connection of its own, some at once.
func (s *scene) join(ctx context.Context, prefix string, n int, ttl time.Duration) ([]*member, error) {
	all := make([]*member, n)
	err := each(ctx, n, 32, func(ctx context.Context, i int) (err error) {
		all[i], err = joined(ctx, s, fmt.Sprintf("%s%d", prefix, i), ttl)
		return err
	})
	return all, err
}

// each calls do for 0 to n-1, so many at once, until one fails.
func each(ctx context.Context, n, atOnce int, do func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range n {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		running.Go(func() {
			defer func() { <-slots }()
			if err := do(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}
