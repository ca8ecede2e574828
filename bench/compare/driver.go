package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// row is one figure of one measurement, or why there is none.
type row struct {
	round    int // from 1
	scenario *scenario
	metric   metric
	subject  string
	value    float64
	err      string // if not "", there is no value, and no metric
}

// driver runs the rounds. In each, every scenario is measured once with every subject, in an order that
// is drawn anew each time: what the machine does beside hits them all alike, and a ratio is taken
// within one round only.
type driver struct {
	config
	random *rand.Rand
	dir    string // for ipc
	rows   []row
}

func (d *driver) run(ctx context.Context, chosen []*scenario) error {
	dir, err := os.MkdirTemp("", "compare")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d.dir = dir
	for round := 1; round <= d.rounds; round++ {
		for _, s := range chosen {
			for _, i := range d.random.Perm(len(s.entries)) {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				d.measure(ctx, round, s, s.entries[i])
			}
		}
	}
	return nil
}

// measure adds the rows of one measurement.
func (d *driver) measure(ctx context.Context, round int, s *scenario, e entry) {
	e.n = max(int(float64(e.n)*d.scale), min(e.n, 10))
	begin := time.Now()
	v, err := d.once(ctx, s, e)
	said := ""
	r := row{round: round, scenario: s, subject: e.subject}
	if err != nil {
		r.err = strings.ReplaceAll(err.Error(), "\n", "; ")
		d.rows, said = append(d.rows, r), r.err
	} else {
		for _, m := range s.metrics {
			if value, ok := v[m.name]; ok {
				r.metric, r.value = m, value
				d.rows = append(d.rows, r)
				said += fmt.Sprintf("%s %s  ", m.name, human(value, m.unit))
			}
		}
	}
	fmt.Fprintf(os.Stderr, "round %d  %-24s %-18s %5.1f s  %s\n", round, s.name, e.subject, time.Since(begin).Seconds(), said)
}

func (d *driver) once(ctx context.Context, s *scenario, e entry) (v values, err error) {
	ctx, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	at := map[string]string{"inproc": "inproc://compare", "tcp": "tcp://127.0.0.1:*",
		"ipc": "ipc://" + filepath.Join(d.dir, "socket")}[s.transport]
	switch {
	case e.subject == tools:
		v, err = withTools(ctx, s, e, at)
	case s.apart:
		v, err = inTwo(ctx, s, e, at, d.profile)
	default:
		v, err = inOne(ctx, s, e, at, d.profile)
	}
	os.Remove(filepath.Join(d.dir, "socket"))
	if err == nil && len(v) == 0 {
		err = errors.New("nothing was reported")
	}
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("not done after %v: %w", d.patience, err)
	}
	return v, err
}
