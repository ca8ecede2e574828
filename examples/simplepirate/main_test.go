package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

func TestSimplePirate(t *testing.T) {
	rig.Leaks(t)
	var out bytes.Buffer
	cfg := config{clients: 2, requests: 6, workers: 3, crash: 4, patience: 200 * time.Millisecond}
	err := run(t.Context(), cfg, &out)
	if err != nil || testing.Verbose() {
		os.Stdout.Write(out.Bytes())
	}
	if err != nil {
		t.Fatal(err)
	}
	var n, answered, got, crashes int
	var counted string
	if _, err := fmt.Sscanf(out.String(), "%d requests, %d answered; workers got %d and crashed %d times, the queue once; counted: %s",
		&n, &answered, &got, &crashes, &counted); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	// Every request that a crash took along was asked again.
	if n != 12 || answered != n || crashes != got/cfg.crash || got < n+crashes || crashes < 3 || !strings.HasSuffix(out.String(), "Malformed:0}\n") {
		t.Error(out.String())
	}
}

// Interrupted, it stops what it has started.
func TestInterrupted(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cfg := config{clients: 2, requests: 6, workers: 3, patience: 200 * time.Millisecond}
	if err := run(ctx, cfg, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func frames(s ...string) [][]byte {
	var f [][]byte
	for _, x := range s {
		f = append(f, []byte(x))
	}
	return f
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		in    [][]byte
		route int // 0: refused
	}{
		{nil, 0}, {frames("w"), 0}, {frames("w", ""), 0}, {frames("", "", ""), 2},
		{frames("w", "", "\x01"), 2}, {frames("w", "1234", "", "\x01"), 3}, {frames("w", "1234", ""), 0},
		{frames("w", "", "", "x"), 2}, {frames("w", "x", "y", "", "z"), 0}, {frames("w", "\x01"), 0},
	} {
		route, body := split(c.in)
		if len(route) != c.route || c.route > 0 && len(route)+len(body) != len(c.in) {
			t.Errorf("%q: %q and %q", c.in, route, body)
		}
	}
}

// What is queued is bounded, and the oldest goes. A worker that is ready twice is idle once.
func TestBounds(t *testing.T) {
	q := &queue{}
	for n := range maxIdle + 5 {
		for range 2 {
			q.fromWorker(nil, frames(fmt.Sprint(n), "", ready))
		}
	}
	if len(q.idle) != maxIdle || string(q.idle[1][0]) != "1" || q.counts != (counts{}) {
		t.Errorf("%d are idle, %+v, the second is %q", len(q.idle), q.counts, q.idle[1])
	}
	for n := range maxWaiting + 5 {
		q.wait(frames("c", "", fmt.Sprint(n)))
	}
	if len(q.waiting) != maxWaiting || q.counts.Dropped != 5 || string(q.waiting[0][2]) != "5" {
		t.Errorf("%d wait, %+v, the first is %q", len(q.waiting), q.counts, q.waiting[0])
	}
}
