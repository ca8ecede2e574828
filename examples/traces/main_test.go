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

func TestTraces(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	var out bytes.Buffer
	if err := run(ctx, &out); err != nil {
		t.Fatal(err)
	}
	const want = `we have 3 pears
6 spans, 1 trace(s)
  ask to the shop (client)
    process shop (server)
      ask to the stock (client)
        process stock (server)
      send to the ledger (producer)
        process ledger (consumer)
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
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
