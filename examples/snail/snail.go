package main

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// snail is an actor that works on what its socket receives. Both are children of one parent, who
// supervises them.
//
//	publisher → SUB → snail
type snail struct {
	thread  *zmqthread.Thread
	at      []string      // where the publisher is
	unit    time.Duration // of its stamps
	retries int           // so often it may fail within a minute
	work    func(*messages.Message)
	gone    chan<- error // told when it has failed too often; has room for it
	pace    pace
	counts  counts

	parent, self, sub *actor.PID
}

// counts is what a snail has done. Every message is in one of them.
type counts struct {
	worked    int // messages
	skipped   int // they were from before a failure, or behind one that was too old
	late      int // too old, each a failure
	malformed int // they do not say when they were sent
}

// howMany asks a snail for its counts.
type howMany struct{}

// spawn returns when both are spawned. The socket need not be open then.
func (s *snail) spawn(system *actor.ActorSystem, name string) error {
	pid := func(child string) *actor.PID { return system.NewLocalPID(name + "/" + child) }
	s.self, s.sub = pid("snail"), pid("sub")
	up := make(chan error, 1)
	var err error
	s.parent, err = system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			up <- s.children(c)
		}
	}, actor.WithSupervisor(&supervision.Backoff{Min: 10 * time.Millisecond, Max: 100 * time.Millisecond,
		Retries: s.retries, Window: time.Minute})), name)
	if err != nil {
		return err
	}
	return <-up
}

// children spawns the snail and its socket, whose window is short: what is in it is not thrown away
// with the native socket.
func (s *snail) children(c actor.Context) error {
	if _, err := c.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return s }), "snail"); err != nil {
		return err
	}
	_, err := c.SpawnNamed(socket.Props(s.thread, socket.Config{Type: socket.Sub, Connect: s.at, Subscribe: []string{""},
		Deliver: socket.To(s.self), Events: s.self, Window: 16,
		Options: socket.Options{ReconnectInterval: 20 * time.Millisecond}}), "sub")
	return err
}

func (s *snail) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *messages.Message:
		s.take(c, m)
	case *socket.Opened:
		if !m.Kept {
			s.pace.begin(time.Now())
		}
	case *socket.Stopped:
		if m.Reason != nil {
			s.gone <- m.Reason
		}
	case howMany:
		c.Respond(s.counts)
	}
}

func (s *snail) take(c actor.Context, m *messages.Message) {
	sent, err := stampOf(m.Frames, s.unit)
	if err != nil {
		s.counts.malformed++
		return
	}
	now := time.Now()
	switch s.pace.judge(now, sent) {
	case work:
		s.counts.worked++
		s.work(m)
	case skip:
		s.counts.skipped++
	case die:
		s.counts.late++
		c.Send(s.sub, &socket.Fail{Err: &LateError{By: now.Sub(sent), Most: s.pace.most}})
	}
}
