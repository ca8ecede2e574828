package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// prices are such that every term of a sum can be told from every other.
var prices = costs{
	IdleCPU: 0.01, RenewalCPU: 0.0005, StreamCPU: 0.0001, BaseMemory: 7,
	MemberMemory: 1e2, RecordMemory: 1e3, ClaimMemory: 1e5, WatchMemory: 1e7,
	RecordDisk: 3, ClaimDisk: 1000, WatchTime: 0.001, StaleTime: 0.002, PutTime: 0.0002, MoveTime: 0.01,
}

func TestModel(t *testing.T) {
	got := prices.of(cluster{Members: 10, Names: 20, Followers: 4, Candidates: 2, TTL: 3 * time.Second})
	want := need{
		Watches: 130,                              // 20 * (4 + 2) + 10
		CPU:     0.015,                            // 0.01 + 10 * 3/3 * 0.0005
		Memory:  7 + 1_000 + 20_000 + 4e6 + 130e7, // 10, 20, 20 * 2, 130
		Disk:    60 + 40_000,                      // 20 * 3 + 40 * 1000
		Rewatch: 130 * time.Millisecond,           // 130 * 1 ms
		Stale:   260 * time.Millisecond,
		Again:   12 * time.Millisecond, // (20 + 40) * 0.2 ms
		Move:    20 * time.Millisecond, // 2 names of each member * 10 ms
	}
	if got.CPU -= want.CPU; got.CPU < -1e-12 || got.CPU > 1e-12 {
		t.Errorf("CPU is off by %v", got.CPU)
	}
	for _, d := range []*time.Duration{&got.Rewatch, &got.Stale, &got.Again, &got.Move} {
		*d = d.Round(time.Microsecond)
	}
	want.CPU, got.CPU = 0, 0
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if a, b := prices.of(cluster{Members: 100, TTL: 3 * time.Second}), prices.of(cluster{Members: 100, TTL: 30 * time.Second}); a.CPU < 5*b.CPU/2 {
		t.Errorf("ten times the TTL: %v and %v cores", a.CPU, b.CPU)
	}
	if got := prices.of(cluster{TTL: time.Second}); got.Move != 0 || got.Watches != 0 {
		t.Errorf("an empty cluster needs %+v", got)
	}
}

// One more than the step is beyond a limit, and the step is not.
func TestStep(t *testing.T) {
	for _, ttl := range []time.Duration{3 * time.Second, 10 * time.Second} {
		n := prices.mostMembers(ttl)
		within, over := prices.of(cluster{Members: n, TTL: ttl}), prices.of(cluster{Members: n + 1, TTL: ttl})
		if slices.Contains(within.beyond(), "CPU") || !slices.Contains(over.beyond(), "CPU") {
			t.Errorf("TTL %v: %d members need %v cores, one more %v", ttl, n, within.CPU, over.CPU)
		}
	}
	n := prices.mostWatches()
	within, over := prices.of(cluster{Members: n, TTL: time.Hour}), prices.of(cluster{Members: n + 1, TTL: time.Hour})
	if slices.Contains(within.beyond(), "re-watch") || !slices.Contains(over.beyond(), "re-watch") {
		t.Errorf("%d watches take %v, one more %v", n, within.Stale, over.Stale)
	}
}

func TestBeyond(t *testing.T) {
	most := need{CPU: mostCPU, Memory: mostMemory, Disk: mostDisk, Rewatch: mostRewatch}
	if got := most.beyond(); len(got) > 0 {
		t.Errorf("beyond %v", got)
	}
	if got := (need{Stale: mostRewatch + 1}).beyond(); len(got) != 1 || got[0] != "re-watch" {
		t.Errorf("a compaction: beyond %v", got)
	}
	all := need{CPU: mostCPU + 1, Memory: mostMemory + 1, Disk: mostDisk + 1, Rewatch: mostRewatch + 1}
	if got := strings.Join(all.beyond(), ","); got != "CPU,re-watch,memory,database" {
		t.Errorf("beyond %v", got)
	}
}

// The table has a line for every cluster that is asked about.
func TestExtrapolation(t *testing.T) {
	text := extrapolation(prices)
	if n := strings.Count(text, "\n"); n < len(asked)+8 || !strings.Contains(text, "the step: at TTL 10 s, beyond 3266 members") {
		t.Errorf("%d lines:\n%s", n, text)
	}
}
