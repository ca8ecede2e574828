package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// renewals has members keep their leases, each over a connection of its own with one watch.
func renewals(ctx context.Context, s *scene) error {
	most := s.joining[len(s.joining)-1]
	probe, err := s.join(ctx, "probe-", 1, 0)
	if err != nil {
		return err
	}
	before, err := s.settled(ctx)
	if err != nil {
		return err
	}
	all, err := s.join(ctx, "member-", most, s.ttls[0])
	if err != nil {
		return err
	}
	streams, err := s.watchBase(ctx, all)
	if err != nil {
		return err
	}
	after, err := s.settled(ctx)
	if err != nil {
		return err
	}
	load := fmt.Sprintf("%d members", most)
	s.rep.add(load, "resident memory for each", float64(after.resident-before.resident)/float64(most), "bytes")
	idle, err := s.cores(ctx, func() float64 { return 0 })
	if err != nil {
		return err
	}
	s.rep.add(load, "resident memory without members", float64(before.resident)/(1<<20), "MiB")
	s.rep.add(load, "etcd CPU, silent", idle.cores, "cores")
	highest := 0.0
	for _, ttl := range s.ttls {
		for _, n := range s.joining {
			cost, err := s.renewing(ctx, all[:n], streams, ttl, idle.each, false)
			if err != nil {
				return err
			}
			if n == most {
				highest = max(highest, cost)
			}
		}
	}
	if _, err := s.renewing(ctx, all, streams, s.ttls[0], idle.each, true); err != nil {
		return err
	}
	s.rep.add(load, "etcd CPU for each, the highest", highest*1e6, "us")
	_, err = probe[0].client.Get(ctx, "still there")
	return err
}

// watchBase has every member watch the key that all of them do.
func (s *scene) watchBase(ctx context.Context, all []*member) ([]*stream, error) {
	at, err := all[0].client.Get(ctx, "now")
	if err != nil {
		return nil, err
	}
	streams := make([]*stream, len(all))
	err = each(ctx, len(all), 32, func(ctx context.Context, i int) (err error) {
		if streams[i], err = all[i].watchStream(context.WithoutCancel(ctx), nil, nil, 0); err != nil {
			return err
		}
		return streams[i].watch(1, prefix+"base", at.Header.Revision+1)
	})
	if err != nil {
		return nil, err
	}
	return streams, created(ctx, streams, 1)
}

// renewing is one load of renewals. With stream each member has one stream for all of its renewals, which members do
// not do today: it is there for comparison. It returns the CPU seconds of etcd for each.
func (s *scene) renewing(ctx context.Context, all []*member, streams []*stream, ttl time.Duration, idle float64, stream bool) (cost float64, err error) {
	ctx, stop := context.WithCancel(ctx)
	k := &keeping{}
	var running sync.WaitGroup
	for i, m := range all {
		m.ttl = ttl
		running.Go(func() { m.keep(ctx, k, streams[i], stream) })
	}
	defer running.Wait()
	defer stop()
	sleep(ctx, ttl/3) // until each has renewed once
	k.take()
	sent := s.wire.total()
	got, err := s.cores(ctx, func() float64 { return float64(k.count()) })
	if err != nil {
		return 0, err
	}
	bytes := s.wire.total() - sent
	times, late := k.take()
	load := fmt.Sprintf("%d members, TTL %.0f s", len(all), ttl.Seconds())
	if stream {
		load += ", one stream"
	}
	s.rep.add(load, "renewals", got.rate, "1/s")
	s.rep.add(load, "etcd CPU", got.cores, "cores")
	each := "etcd CPU for each"
	if stream {
		each += ", on a stream that stands"
	}
	cost = max(0, got.each-idle*got.took/max(1, got.counted))
	s.rep.add(load, each, cost*1e6, "us")
	s.rep.add(load, "bytes on the wire for each", float64(bytes)/max(1, float64(len(times))), "bytes")
	s.rep.took(load, "a renewal, median", median(times))
	s.rep.took(load, "a renewal, 99 %", quantile(times, 0.99))
	s.rep.add(load, "renewals that were not answered in TTL/5", float64(late), "")
	return cost, nil
}

// pace is what was seen in some windows.
type pace struct {
	cores, rate float64 // medians

	each          float64 // CPU seconds for each that was counted, over all windows; for each second, if none was
	counted, took float64 // in all, and in seconds
}

// cores measures the CPU of the server, and how fast a count grows, over some windows.
func (s *scene) cores(ctx context.Context, count func() float64) (pace, error) {
	var cores, rates []float64
	var used, counted, all float64
	for range s.rounds {
		before, err := s.etcd.used()
		if err != nil {
			return pace{}, err
		}
		began, from := time.Now(), count()
		if !sleep(ctx, s.window) {
			return pace{}, ctx.Err()
		}
		after, err := s.etcd.used()
		if err != nil {
			return pace{}, err
		}
		took := time.Since(began).Seconds()
		cpu, n := after.cpu-before.cpu, count()-from
		cores, rates = append(cores, cpu/took), append(rates, n/took)
		used, counted, all = used+cpu, counted+n, all+took
	}
	each := used / all
	if counted > 0 {
		each = used / counted
	}
	return pace{median(cores), median(rates), each, counted, all}, nil
}

// keeping is what was seen of renewals.
type keeping struct {
	mu    sync.Mutex
	times []time.Duration // guarded by mu
	late  int             // guarded by mu: not answered within TTL/5
	shut  int             // guarded by mu: deadlines of 2/3 TTL that passed, of those who renewed in the end
}

// look counts a deadline that has passed. Guarded by mu.
func (k *keeping) look(now, deadline time.Time) {
	if !deadline.IsZero() && now.After(deadline) {
		k.shut++
	}
}

func (k *keeping) passed() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shut
}

func (k *keeping) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.times)
}

func (k *keeping) take() (times []time.Duration, late int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	times, late = k.times, k.late
	k.times, k.late = nil, 0
	return times, late
}

// keep renews a lease until ctx ends, and asks after the stream of watches, if there is one.
func (m *member) keep(ctx context.Context, k *keeping, w *stream, stream bool) {
	renew := m.renew
	if stream {
		s, err := m.leases.LeaseKeepAlive(clientv3.WithRequireLeader(ctx))
		if err != nil {
			return
		}
		renew = func(context.Context) error { return m.renewOn(s) }
	}
	var deadline time.Time
	asked := time.Now()
	next := time.Now().Add(rand.N(m.ttl/3 + 1))
	for sleep(ctx, time.Until(next)) {
		sent := time.Now()
		next = sent.Add(m.ttl / 3)
		err := renew(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			m.reconnect()
			next = time.Now().Add(100 * time.Millisecond)
		}
		deadline = k.saw(sent, deadline, m.ttl, err)
		if w != nil && time.Since(asked) >= m.ttl {
			asked = time.Now()
			w.progress(m.ttl)
		}
	}
}

// saw counts one renewal and returns the deadline from there on.
func (k *keeping) saw(sent, deadline time.Time, ttl time.Duration, err error) time.Time {
	now := time.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.late++
		return deadline
	}
	k.times = append(k.times, now.Sub(sent))
	k.look(now, deadline)
	return sent.Add(ttl * 2 / 3)
}
