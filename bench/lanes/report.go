package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sockeye-mq/sockeye/bench/internal/measure"
)

// round is what was measured once: idle1, away and other on lane 1, idle0, same and turn on lane 0.
type round struct{ idle1, away, other, idle0, same, turn *measure.Times }

func (l *lab) round(ctx context.Context) (r round, err error) {
	if r.idle1, err = l.phase(ctx, false, l.pairs[1].Trip); err != nil {
		return r, err
	}
	if r.away, err = l.elsewhere(ctx, l.pairs[1].Trip); err != nil {
		return r, err
	}
	for _, p := range []struct {
		times  **measure.Times
		stream bool
		do     func(context.Context) error
	}{
		{&r.other, true, l.pairs[1].Trip},
		{&r.idle0, false, l.pairs[0].Trip},
		{&r.same, true, l.pairs[0].Trip},
		{&r.turn, true, l.turn},
	} {
		if *p.times, err = l.phase(ctx, p.stream, p.do); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (l *lab) measure(ctx context.Context, b budget) error {
	fmt.Printf("stream   PUSH to PULL over tcp on lane 0: messages of %d KiB, %d under way; -io %d\n",
		l.size>>10, l.stream.under, l.io)
	fmt.Printf("budget   one message: a native send takes %v (%v the longest of %d), a native receive %v (%v)\n",
		median(b.send), slices.Max(b.send), len(b.send), median(b.receive), slices.Max(b.receive))
	fmt.Printf("phases   of %v at least; a round trip of 64 bytes, or a Touch, every %v\n\n", l.length, l.every)
	fmt.Println("round  phase                          p50        p99        max   calls")
	var rounds []round
	for i := range l.rounds {
		r, err := l.round(ctx)
		if err != nil {
			return err
		}
		rounds = append(rounds, r)
		line(i, "lane 1, idle", r.idle1)
		line(i, "lane 1, stream elsewhere", r.away)
		line(i, "lane 1, stream on lane 0", r.other)
		line(i, "lane 0, idle", r.idle0)
		line(i, "lane 0, stream on lane 0", r.same)
		line(i, "lane 0, until its turn", r.turn)
	}
	l.conclude(rounds, b)
	return nil
}

func line(i int, what string, t *measure.Times) {
	fmt.Printf("%5d  %-27s %8s %10s %10s %7d\n", i+1, what, ms(t.Quantile(50)), ms(t.Quantile(99)), ms(t.Max()), t.Calls)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

// conclude prints the medians over the rounds.
func (l *lab) conclude(rounds []round, b budget) {
	over := func(f func(round) float64) float64 {
		var all []float64
		for _, r := range rounds {
			all = append(all, f(r))
		}
		return median(all)
	}
	ratio := func(a, b *measure.Times, q float64) float64 {
		return float64(a.Quantile(q)) / float64(b.Quantile(q))
	}
	milli := func(t *measure.Times, q float64) float64 { return t.Quantile(q).Seconds() * 1000 }
	fmt.Println("\nmedians over the rounds")
	fmt.Printf("stream   %.2f GiB/s\n", median(l.rate))
	fmt.Printf("control  p50 %.2f, p99 %.2f times idle, with the stream in another process\n",
		over(func(r round) float64 { return ratio(r.away, r.idle1, 50) }),
		over(func(r round) float64 { return ratio(r.away, r.idle1, 99) }))
	fmt.Printf("other    p50 %.2f, p99 %.2f times idle (wanted: p99 within 2); p50 %.2f, p99 %.2f times the control\n",
		over(func(r round) float64 { return ratio(r.other, r.idle1, 50) }),
		over(func(r round) float64 { return ratio(r.other, r.idle1, 99) }),
		over(func(r round) float64 { return ratio(r.other, r.away, 50) }),
		over(func(r round) float64 { return ratio(r.other, r.away, 99) }))
	same := over(func(r round) float64 { return milli(r.same, 99) - milli(r.idle0, 99) })
	fmt.Printf("same     p50 %.2f, p99 %.2f times idle; p99 %.2f ms more than idle\n",
		over(func(r round) float64 { return ratio(r.same, r.idle0, 50) }),
		over(func(r round) float64 { return ratio(r.same, r.idle0, 99) }), same)
	turn := over(func(r round) float64 { return milli(r.turn, 99) })
	calls := (median(b.send) + median(b.receive)).Seconds() * 1000
	fmt.Printf("turn     the others keep the thread for p50 %.2f ms, p99 %.2f ms, %.2f ms the longest;\n"+
		"         a budget's native calls, send and receive, take %.2f ms\n",
		over(func(r round) float64 { return milli(r.turn, 50) }), turn,
		over(func(r round) float64 { return milli(r.turn, 100) }), calls)
	fmt.Printf("         so p99 on the same lane waits for %.1f turns (p99), or %.1f budgets (wanted: 1); a trip needs the thread four times\n",
		same/turn, same/calls)
	fmt.Println("load    ", measure.Load(), "at the end")
}

func median[N float64 | time.Duration](all []N) N {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}
