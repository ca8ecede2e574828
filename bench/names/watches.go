package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// apart is how far watches that are made again lie apart, and most how long they are put off at the most: package
// cluster does it so.
const (
	apart = time.Millisecond
	most  = 30 * time.Second
)

// way is how members make their watches again.
type way struct {
	name    string
	history history
	// when is how long a member with n watches of so many members waits before the first, and then between them.
	when func(n, members int) (first, gap time.Duration)
}

// history is what has happened since the watches were told something.
type history int

const (
	nothing   history = iota
	changes           // some changes of other names
	compacted         // the same, and etcd has forgotten them
)

func atOnce(int, int) (first, gap time.Duration) { return 0, 0 }

// asMembers is how package cluster does it: by the number of the member's own watches.
func asMembers(n, _ int) (first, gap time.Duration) {
	return rand.N(min(time.Duration(n)*apart, most) + 1), apart
}

// asCluster would go by the watches of all.
func asCluster(n, members int) (first, gap time.Duration) {
	gap = apart * time.Duration(members)
	return rand.N(gap + 1), gap
}

// watchings makes more and more watches, spread among members, and with some of the steps has the server killed and
// started again.
func watchings(ctx context.Context, s *scene) error {
	all, err := s.join(ctx, "member-", s.watchers, 3*time.Second)
	if err != nil {
		return err
	}
	f := &following{scene: s, all: make([]*watcher, len(all))}
	for i, m := range all {
		f.all[i] = &watcher{member: m, from: m.fence + 1, seen: map[int64]bool{}}
	}
	for i, n := range s.plan.watches {
		if err := f.grow(ctx, n); err != nil {
			return err
		}
		ways := []way{{"at once", nothing, atOnce}}
		switch {
		case i == 0 && len(s.plan.watches) > 1:
			continue
		case i == 1 && s.quick:
			ways = append(ways, way{"after a compaction", compacted, asMembers})
		case i == 1:
			ways = append(ways, way{"by the watches of all", nothing, asCluster},
				way{"after other changes", changes, asMembers},
				way{"after a compaction", compacted, asMembers})
		}
		ways = append(ways, way{"as members do", nothing, asMembers}) // last: its streams grow further
		for _, w := range ways {
			if err := f.storm(ctx, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// following is all watches of all members.
type following struct {
	*scene
	all []*watcher
	n   int
}

// made is how many watches stand.
func (f *following) made() (n int) {
	for _, w := range f.all {
		n += w.made()
	}
	return n
}

// grow has members follow more names, each with one watch; they read what stands first.
func (f *following) grow(ctx context.Context, n int) error {
	before, err := f.settled(ctx)
	if err != nil {
		return err
	}
	sent, began, added := f.wire.total(), time.Now(), n-f.n
	for i := f.n; i < n; i++ {
		w := f.all[i%len(f.all)]
		w.names = append(w.names, i)
	}
	f.n = n
	grow := func(ctx context.Context, i int) error { return f.all[i].follow(ctx) }
	bounded, cancel := context.WithTimeout(ctx, f.patience)
	err = each(bounded, len(f.all), len(f.all), grow)
	for err == nil && f.made() < n {
		if !sleep(bounded, 5*time.Millisecond) {
			err = bounded.Err()
		}
	}
	cancel()
	took, bytes := time.Since(began), f.wire.total()-sent
	if ctx.Err() != nil {
		return ctx.Err()
	}
	load := fmt.Sprintf("%d watches", n)
	if err != nil { // too slow is a figure, too
		made := f.made() - (n - added)
		f.rep.add(load, "watches made before patience ended", float64(made), "")
		added = max(1, made)
	}
	after, err := f.settled(ctx)
	if err != nil {
		return err
	}
	f.rep.add(load, "time for each", ms(took)/float64(added), "ms")
	f.rep.add(load, "etcd CPU for each", (after.cpu-before.cpu)/float64(added)*1e6, "us")
	f.rep.add(load, "resident memory for each", float64(after.resident-before.resident)/float64(added), "bytes")
	f.rep.add(load, "bytes on the wire for each", float64(bytes)/float64(added), "bytes")
	return nil
}

// storm kills the server, starts it again, and waits until all watches are made again; members go on renewing.
func (f *following) storm(ctx context.Context, how way) error {
	if err := f.age(ctx, how.history); err != nil {
		return err
	}
	for _, w := range f.all {
		w.hangUp()
	}
	ctx, cancel := context.WithCancel(ctx)
	k := &keeping{}
	kept := make(chan struct{}, len(f.all))
	for _, w := range f.all {
		go func() { w.member.keep(ctx, k, nil, false); kept <- struct{}{} }()
	}
	defer func() {
		for range f.all {
			<-kept
		}
	}()
	defer cancel()
	sleep(ctx, f.all[0].member.ttl*2/5) // until each has a deadline
	if err := f.etcd.kill(); err != nil {
		return err
	}
	killed := time.Now()
	again := make(chan error, 1)
	go func() {
		again <- each(ctx, len(f.all), len(f.all), func(ctx context.Context, i int) error { return f.all[i].again(ctx, how, len(f.all)) })
	}()
	defer func() { <-again }()
	defer cancel()
	err := f.etcd.start(ctx)
	if err != nil {
		return err
	}
	down := time.Since(killed)
	k.take()
	before, err := f.etcd.used()
	if err != nil {
		return err
	}
	began := time.Now()
	for f.made() < f.n && time.Since(began) < f.patience && sleep(ctx, 5*time.Millisecond) {
	}
	took, made := time.Since(began), f.made()
	after, err := f.etcd.used()
	ttl := f.all[0].member.ttl
	sleep(ctx, ttl/3+ttl/5-took) // until each has tried to renew
	if err != nil || ctx.Err() != nil {
		return fmt.Errorf("after a restart: %w", context.Cause(ctx))
	}
	f.tell(how, k, storm{down: down, took: took, made: made, cpu: after.cpu - before.cpu})
	return nil
}

// storm is what one was.
type storm struct {
	down, took time.Duration
	made       int
	cpu        float64
}

func (f *following) tell(how way, k *keeping, was storm) {
	load := fmt.Sprintf("%d again, %s", f.n, how.name)
	f.rep.took(load, "etcd was down for", was.down)
	if was.made < f.n {
		f.rep.add(load, "watches made before patience ended", float64(was.made), "")
	}
	f.rep.took(load, "from serving until then", was.took)
	what := "time for each made again"
	if how.history == compacted {
		what += ", compacted"
	}
	f.rep.add(load, what, ms(was.took)/float64(max(1, was.made)), "ms")
	f.rep.add(load, "etcd CPU for each made again", was.cpu/float64(max(1, was.made))*1e6, "us")
	times, late := k.take()
	if len(times) > 0 {
		f.rep.took(load, "a renewal meanwhile, median", median(times))
		f.rep.took(load, "a renewal meanwhile, longest", longest(times))
	}
	f.rep.add(load, "renewals that were not answered in TTL/5", float64(late), "")
	f.rep.add(load, "deadlines of members that passed", float64(k.passed()), "")
}
