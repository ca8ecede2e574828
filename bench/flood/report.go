package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sockeye-mq/sockeye/bench/internal/measure"
)

func (f *flood) printPour(r report, underWay int64) {
	how := "waiting for a timer"
	if f.busy {
		how = "burning CPU"
	}
	fmt.Printf("flood       messages of %d bytes for %.1f s to an actor that takes 1 ms each, %s\n", f.size, r.Seconds, how)
	fmt.Printf("sender      sent %d; %d sends had to block, the first after %d messages;\n"+
		"            blocked for %.1f s in all, %.1f %% of its time, %.2f s the longest\n",
		r.Sent, r.Blocked, r.First, r.Waited, 100*r.Waited/r.Seconds, r.Longest)
	fmt.Printf("under way   %d messages sent and not processed when the sender stopped\n", underWay)
}

func (f *flood) printTrips() {
	p50 := func(t *measure.Times) time.Duration { return t.Quantile(50) }
	fmt.Printf("round trips median alone %v, during the flood %v, alone again %v (%d, %d, %d trips)\n",
		p50(f.before), p50(f.during), p50(f.after), f.before.Calls, f.during.Calls, f.after.Calls)
	alone := (p50(f.before) + p50(f.after)) / 2
	fmt.Printf("            p99    alone %v, during the flood %v, alone again %v\n",
		f.before.Quantile(99), f.during.Quantile(99), f.after.Quantile(99))
	fmt.Printf("            median during the flood / alone = %.2f\n", float64(p50(f.during))/float64(alone))
	if f.beside != nil {
		fmt.Printf("            median beside a busy core and no flood %v, p99 %v; during the flood / that = %.2f\n",
			p50(f.beside), f.beside.Quantile(99), float64(p50(f.during))/float64(p50(f.beside)))
	}
	fmt.Println("load       ", measure.Load(), "at the end")
}

// judge prints what must be right and says what is not.
func (f *flood) judge(ctx context.Context, r report, m memory) error {
	var wrong []error
	n := f.sink.processed.Load()
	fmt.Printf("receiver    processed %d with the end marker, %v each\n", n, (f.sink.spent / time.Duration(n)).Round(time.Microsecond))
	if f.sink.wrong != "" {
		wrong = append(wrong, errors.New(f.sink.wrong))
	}
	if n != int64(r.Sent)+1 {
		wrong = append(wrong, fmt.Errorf("%d messages sent and %d processed", r.Sent+1, n))
	}
	l, err := measure.Balanced(ctx, f.root, f.pull)
	fmt.Printf("ledger      received %d, delivered %d, held %d, dropped %v, undelivered %d\n",
		l.Received, l.Delivered, l.Held, l.Dropped, l.Undelivered)
	if err == nil && (l.Received != uint64(n) || l.Delivered != l.Received) {
		err = errors.New("the ledger is not what the receiver has seen")
	}
	wrong = append(wrong, err)
	_, err = measure.Balanced(ctx, f.root, f.pair.Req)
	wrong = append(wrong, err)
	_, err = measure.Balanced(ctx, f.root, f.pair.Rep)
	wrong = append(wrong, err)
	fmt.Printf("memory      %.1f MiB resident after 1 s; %.1f to %.1f MiB until the end, %d samples: moved %.1f MiB of %d allowed\n",
		mib(m.first), mib(m.least), mib(m.most), m.samples, mib(m.moved()), limit>>20)
	fmt.Print("            MiB every 5 s:")
	for _, bytes := range m.course {
		fmt.Printf(" %.1f", mib(bytes))
	}
	fmt.Println()
	if m.moved() > limit {
		wrong = append(wrong, errors.New("memory moved"))
	}
	return errors.Join(wrong...)
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
