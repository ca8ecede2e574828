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
	if len(os.Args) == 6 && os.Args[1] == "star" {
		serve(map[string]state{"primary": primary, "backup": backup}[os.Args[2]], os.Args[3], os.Args[4], os.Args[5])
	}
	rig.Main(m)
}

// serve is a server for ever. It says its states.
func serve(role state, front, here, there string) {
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err == nil {
		s := &star{thread: thread, role: role, front: front, here: here, there: there, beat: beat, do: by(role),
			became: func(s state) { fmt.Println("state", s) }}
		err = s.spawn(system, "star")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}

// beat is what all servers in tests have. It leaves a busy machine time: one that sends nothing for three of
// them is replaced.
const beat = 300 * time.Millisecond

// by answers with the request and who has answered.
func by(role state) func(*messages.Message) *messages.Message {
	return func(m *messages.Message) *messages.Message { return messages.Text(m.Text(), role.String()) }
}

const want = `both are there: 100 answers, the last by the primary
the primary dies: 100 answers, the last by the backup
the primary comes back: 100 answers, the last by the backup
the backup dies: 100 answers, the last by the primary
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
