package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

const want = `slow: it has failed twice, and has begun anew
well: it works on what is fresh
slow again: it is stopped, for it is too late: true
`

func TestShow(t *testing.T) {
	rig.Leaks(t)
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil || out.String() != want {
		t.Errorf("%v, after\n%swant\n%s", err, &out, want)
	}
}

// Interrupted, it stops what it has started.
func TestInterrupted(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
