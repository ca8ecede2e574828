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

const want = `servers 3: 100 requests, 100 answers
servers 2: 100 requests, 100 answers
servers 1: 100 requests, 100 answers
servers 0: no reply in time
servers 1: is anybody there?, says b
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
