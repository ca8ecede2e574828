package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// result is what came out.
type result struct {
	pool, loop         counts
	poolTook, loopTook time.Duration
	restarts           int64
	retried, lost      int
}

var (
	errLost     = errors.New("requests were lost")
	errMismatch = errors.New("pool and loop do not agree; did files change meanwhile?")
)

// report prints the table. It returns an error if the pool has not done what the loop did.
func (r *result) report(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	row := func(cells ...any) {
		for _, cell := range cells {
			fmt.Fprint(t, cell, "\t")
		}
		fmt.Fprintln(t)
	}
	row("", "pool", "one loop")
	row("files", r.pool.files, r.loop.files)
	row("lines", r.pool.lines, r.loop.lines)
	row("words", r.pool.words, r.loop.words)
	row("bytes", r.pool.bytes, r.loop.bytes)
	row("restarts", r.restarts, "")
	row("requests retried", r.retried, "")
	row("requests lost", r.lost, "")
	row("elapsed", seconds(r.poolTook), seconds(r.loopTook))
	if err := t.Flush(); err != nil {
		return err
	}
	switch {
	case r.lost > 0:
		return errLost
	case r.pool != r.loop:
		return errMismatch
	}
	_, err := fmt.Fprintln(out, "The totals are equal.")
	return err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
