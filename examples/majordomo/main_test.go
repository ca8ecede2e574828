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

func TestMajordomo(t *testing.T) {
	rig.Leaks(t)
	var out bytes.Buffer
	cfg := config{requests: 8, workers: 2, crash: 5, hang: 7, heartbeat: 50 * time.Millisecond}
	err := run(t.Context(), cfg, &out)
	if err != nil || testing.Verbose() {
		os.Stdout.Write(out.Bytes())
	}
	if err != nil {
		t.Fatal(err)
	}
	var n, got, crashes, hangs, over int
	if _, err := fmt.Sscanf(out.String(), "%d requests answered; workers got %d, crashed %d times, hung %d times, and started over for the broker's sake %d times",
		&n, &got, &crashes, &hangs, &over); err != nil {
		t.Fatalf("%v: %s", err, &out)
	}
	// The workers do not know the broker that has come back.
	if n != 16 || crashes != got/cfg.crash || hangs < 1 || over < 1 || got < n+crashes || !strings.Contains(out.String(), "Malformed:0}\n") {
		t.Error(out.String())
	}
}

// Interrupted, it stops what it has started.
func TestInterrupted(t *testing.T) {
	rig.Leaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cfg := config{requests: 8, workers: 2, heartbeat: 50 * time.Millisecond}
	if err := run(ctx, cfg, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
