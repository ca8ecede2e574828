package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// row is one figure.
type row struct {
	phase, load, what string
	value             float64
	unit              string
}

// report prints figures as they come and keeps them.
type report struct {
	out   io.Writer
	phase string
	rows  []row
}

func (r *report) say(format string, args ...any) { fmt.Fprintf(r.out, format+"\n", args...) }

// begin begins a phase.
func (r *report) begin(phase, version string) {
	r.phase = phase
	r.say("\n%s, etcd %s", phase, version)
}

// add adds a figure. The load is what it was measured with.
func (r *report) add(load, what string, value float64, unit string) {
	r.rows = append(r.rows, row{r.phase, load, what, value, unit})
	r.say("  %-34s %-44s %12s %s", load, what, short(value), unit)
}

// took adds a duration in milliseconds.
func (r *report) took(load, what string, d time.Duration) {
	r.add(load, what, float64(d.Microseconds())/1000, "ms")
}

// last is the latest figure of that kind: the one with the largest load.
func (r *report) last(phase, what string) (float64, error) {
	for _, at := range slices.Backward(r.rows) {
		if at.phase == phase && at.what == what {
			return at.value, nil
		}
	}
	return 0, fmt.Errorf("no figure %q of %s", what, phase)
}

// csv is all figures, with all their digits.
func (r *report) csv() string {
	var text strings.Builder
	w := csv.NewWriter(&text)
	w.Write([]string{"phase", "load", "figure", "value", "unit"})
	for _, at := range r.rows {
		w.Write([]string{at.phase, at.load, at.what, strconv.FormatFloat(at.value, 'g', -1, 64), at.unit})
	}
	w.Flush()
	return text.String()
}

// readCSV reads what csv has written.
func readCSV(text string) (*report, error) {
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, fmt.Errorf("no figures: %w", err)
	}
	r := &report{out: io.Discard}
	for _, at := range lines[1:] {
		if len(at) != 5 {
			return nil, fmt.Errorf("%d columns", len(at))
		}
		v, err := strconv.ParseFloat(at[3], 64)
		if err != nil {
			return nil, err
		}
		r.rows = append(r.rows, row{at[0], at[1], at[2], v, at[4]})
	}
	return r, nil
}

// short is a number with three digits that count, or all before the point.
func short(v float64) string {
	switch a := max(v, -v); {
	case a >= 100 || a == 0 || v == float64(int64(v)) && a >= 1:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// median and longest are of a list that is not empty; quantile takes q from 0 to 1.
func median[T ~int64 | ~float64](all []T) T { return quantile(all, 0.5) }

func longest[T ~int64 | ~float64](all []T) T { return quantile(all, 1) }

func quantile[T ~int64 | ~float64](all []T, q float64) (none T) {
	if len(all) == 0 {
		return none
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
