package main

import (
	"context"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/examples/majordomo/broker"
	"github.com/sockeye-mq/sockeye/examples/majordomo/client"
	"github.com/sockeye-mq/sockeye/examples/majordomo/worker"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// sea is a system with a broker and a worker for "echo", and a folder for titanics.
type sea struct {
	*rig.Rig
	t      *testing.T
	broker *actor.PID
	at     string
	dir    string
	echoed *atomic.Int64
}

// newSea has a broker of ours in it unless bind is "".
func newSea(t *testing.T, bind string) *sea { return newSeaOf(t, bind, beat) }

func newSeaOf(t *testing.T, bind string, beat time.Duration) *sea {
	s := &sea{Rig: rig.Start(t, zmqthread.Config{}), t: t, at: bind, dir: t.TempDir(), echoed: new(atomic.Int64)}
	if bind != "" {
		s.broker = s.spawn(broker.Props(broker.Config{Thread: s.Thread, Bind: bind, Heartbeat: beat}))
		s.at = s.call(broker.Where{}).(string)
	}
	return s
}

func (s *sea) call(question any) any {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.Ctx, rig.Patience)
	defer cancel()
	a, err := messages.Call(ctx, s.Root, s.broker, question)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// again is how many requests the broker has given to another worker, or to the same in its next life.
func (s *sea) again() int { return s.call(broker.HowMany{}).(broker.Counts).Again }

// spawn spawns an actor that is stopped before the sockets are.
func (s *sea) spawn(p *actor.Props) *actor.PID {
	pid := s.Root.Spawn(p)
	s.t.Cleanup(func() { s.Stop(pid) })
	return pid
}

func (s *sea) echo() {
	s.spawn(worker.Props(worker.Config{Thread: s.Thread, Broker: s.at, Service: "echo", Heartbeat: beat,
		Work: func(body [][]byte, _ func(...[]byte)) [][]byte { s.echoed.Add(1); return body }}))
}

// titanic starts a process that kills itself at the nth time that it comes to this point.
func (s *sea) titanic(point string, nth int) *peer.Process {
	s.t.Helper()
	p := peer.StartEnv(s.t, titanicEnv(s.at, s.dir, point, nth), os.Args[0])
	return p
}

// patience is so much that a client of ours leaves it to our broker to give a request to another titanic.
const patience = 2 * rig.Patience

func (s *sea) passenger(patience time.Duration) *passenger {
	p := &passenger{client.NewCaller(client.Config{System: s.System, Thread: s.Thread, Broker: s.at, Timeout: patience, Retries: -1}), beat / 10}
	s.t.Cleanup(func() { p.Close() })
	return p
}

// left are the files that are still there.
func (s *sea) left() (names []string) {
	s.t.Helper()
	all, err := os.ReadDir(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}
