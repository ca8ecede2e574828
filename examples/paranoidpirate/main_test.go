package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

func TestParanoidPirate(t *testing.T) {
	rig.Leaks(t)
	var out bytes.Buffer
	cfg := config{clients: 2, requests: 6, workers: 3, crash: 5, hang: 7, heartbeat: 50 * time.Millisecond}
	err := run(t.Context(), cfg, &out)
	if err != nil || testing.Verbose() {
		os.Stdout.Write(out.Bytes())
	}
	if err != nil {
		t.Fatal(err)
	}
	var n, answered, got, crashes, hangs, silences int
	if _, err := fmt.Sscanf(out.String(), "%d requests, %d answered; workers got %d, crashed %d times, hung %d times, and found the queue silent %d times",
		&n, &answered, &got, &crashes, &hangs, &silences); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	// The workers do not know the queue that has come back: all that were not at work find it silent.
	if n != 12 || answered != n || crashes != got/cfg.crash || hangs < 1 || silences < 1 || got < n+crashes ||
		!strings.HasSuffix(out.String(), "Malformed:0}\n") {
		t.Error(out.String())
	}
}

// Interrupted, it stops what it has started.
func TestInterrupted(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cfg := config{clients: 2, requests: 6, workers: 3, heartbeat: 50 * time.Millisecond}
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

// Whatever a peer sends, decode returns a command that frames encodes to the same, or a *malformedError.
func TestDecode(t *testing.T) {
	for _, c := range []struct {
		in      [][]byte
		kind    string
		address int // 0 with a kind of "": refused
	}{
		{frames(ready), ready, 0}, {frames(heartbeat), heartbeat, 0}, {frames("c", "", "x"), "", 1},
		{frames("c", "1234", "", "x", "", "y"), "", 2}, {frames("c", "", "", "x"), "", 1},
		{nil, "", 0}, {frames(""), "", 0}, {frames("\x03"), "", 0}, {frames("\x01\x01"), "", 0}, {frames("c", "x"), "", 0},
		{frames("", "x"), "", 0}, {frames("c", ""), "", 0}, {frames("1", "2", "3", "4", "5", "", "x"), "", 0},
		{frames(ready, ready), "", 0},
	} {
		got, err := decode(c.in)
		var malformed *malformedError
		if wrong := c.kind == "" && c.address == 0; wrong != errors.As(err, &malformed) || wrong != (err != nil) ||
			got.kind != c.kind || len(got.address) != c.address {
			t.Errorf("%q: %+v, %v", c.in, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range [][]string{{ready}, {heartbeat}, {"c", "", "x"}, {"c", "1234", "", "x"}, {"", ""}, {"a", "b", "c", "d", "e", "", "x"}} {
		var packed []byte
		for _, frame := range seed {
			packed = append(append(packed, byte(len(frame))), frame...)
		}
		f.Add(packed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var in [][]byte // each behind its length
		for len(b) > 0 {
			n := min(int(b[0]), len(b)-1)
			in, b = append(in, b[1:1+n:1+n]), b[1+n:]
		}
		got, err := decode(in)
		var malformed *malformedError
		switch {
		case err != nil && (!errors.As(err, &malformed) || err.Error() == ""):
			t.Fatalf("%q: %v", in, err)
		case err == nil && !slices.EqualFunc(got.frames(), in, bytes.Equal):
			t.Fatalf("%q became %q", in, got.frames())
		case err == nil && got.kind == "" && (len(got.address) == 0 || len(got.address) > maxAddress || len(got.body) == 0):
			t.Fatalf("%q: %+v", in, got)
		}
	})
}

// What is queued is bounded, and the oldest goes; a request that no worker survives goes, too.
func TestBounds(t *testing.T) {
	q := &queue{known: map[string]*worksite{}, beat: time.Hour}
	for n := range maxWaiting + 5 {
		q.fromClient(frames("c", "", fmt.Sprint(n)))
	}
	if len(q.waiting) != maxWaiting || q.counts.Dropped != 5 || string(q.waiting[0].body[0]) != "5" {
		t.Errorf("%d wait, %+v", len(q.waiting), q.counts)
	}
	for n := range maxWorkers + 5 {
		q.greet(fmt.Sprint(n))
	}
	if len(q.known) != maxWorkers || len(q.idle) != maxWorkers {
		t.Errorf("%d workers, %d idle", len(q.known), len(q.idle))
	}
	q.waiting = q.waiting[:0]
	w, deadly := q.idle[0], &task{tries: maxTries}
	w.task = deadly
	if q.lose(w.id, &q.counts.Gone); len(q.waiting) != 0 || q.counts.Dropped != 6 || len(q.idle) != maxWorkers-1 {
		t.Errorf("%d wait, %+v", len(q.waiting), q.counts)
	}
}
