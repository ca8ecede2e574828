package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

const want = `200 requests answered; of the copies, which nobody reads, 100 wait, and the rest are dropped and counted
paused: no answer
resumed: answered
the backend was lost: answered
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

// bench is a proxy for a test, and where its sockets are.
type bench struct {
	*rig.Rig
	*proxy
	front, back string
}

func start(t *testing.T, p *proxy) *bench {
	t.Helper()
	b := &bench{Rig: rig.Start(t, zmqthread.Config{}), proxy: p}
	p.thread = b.Thread
	if err := p.spawn(b.System, "proxy"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Rig.Stop(p.parent) })
	if len(p.front.Bind) > 0 {
		b.front = b.At(p.frontend)[0]
	}
	b.back = b.At(p.backend)[0]
	return b
}

// queue is a proxy between REQ and REP.
func queue(t *testing.T, capture socket.Config) *bench {
	t.Helper()
	return start(t, &proxy{capture: capture,
		front: socket.Config{Type: socket.Router, Bind: wild}, back: socket.Config{Type: socket.Dealer, Bind: wild}})
}

// python starts a peer of testdata.
func python(t *testing.T, args ...string) *peer.Process {
	t.Helper()
	return peer.Start(t, peer.Python(t, "zmq"), append([]string{"testdata/peer.py"}, args...)...)
}

// tally is what both directions have done.
func (b *bench) tally() [2]counts {
	b.T.Helper()
	n, err := b.statistics(b.Ctx, b.Root)
	if err != nil {
		b.T.Fatal(err)
	}
	return n
}
