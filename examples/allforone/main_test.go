package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

const want = `the backend's native socket is lost   one for one (Backoff)                all for one (AllForOne)
frontend (ROUTER)                     goes on                              incarnation 2, native socket kept
backend (DEALER)                      incarnation 2, a new native socket   incarnation 2, a new native socket
relay                                 goes on                              incarnation 2
the frontend's endpoint               the same                             the same
the backend's endpoint                the same                             the same
in the backend's outbox meanwhile     2 requests, all answered             2 requests, all answered
requests the relay still waits for    1                                    0
`

func TestAllForOne(t *testing.T) {
	rig.Leaks(t)
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
	if testing.Verbose() {
		os.Stdout.Write(out.Bytes())
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
