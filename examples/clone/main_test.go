package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// TestMain is a server, if it is told to be one: a test that stops a process starts itself.
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == "clone" {
		serve(os.Args[2] == "primary", os.Args[3], os.Args[4])
	}
	rig.Main(m)
}

// serve is a server for ever. It says whether it is active, and how many keys it has copied.
func serve(primary bool, me, peer string) {
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err == nil {
		s := &server{thread: thread, primary: primary, me: ipcSite(me), peer: ipcSite(peer), beat: testBeat, most: most,
			became: func(active bool) { fmt.Println("active", active) }}
		err = s.spawn(system, "server")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for copied := 0; err == nil; {
		var n any
		if n, err = messages.Call(context.Background(), system.Root, system.NewLocalPID("server/server"), howMany{}); err == nil {
			if n := n.(counts); !n.active && n.live && n.keys != copied {
				copied = n.keys
				fmt.Println("copied", copied)
			}
		}
		time.Sleep(10 * time.Millisecond) // it is a process, and no test
	}
}

const want = `both servers are there: 100 values are set
the primary dies: 100 values are set
the primary comes back: 100 values are set
a client of the subtree /1/ sees 100 values
a client of the subtree /1/ sees 101 values
a client of the subtree /1/ sees 100 values
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
