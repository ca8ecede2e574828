package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// number puts numbered messages into push, one each millisecond, until ctx is over. They wait in its
// outbox while it is down.
func (s *show) number(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		n := s.numbered.Load()
		err := messages.Put(ctx, s.system.Root, s.push, messages.Text(strconv.FormatInt(n, 10)))
		if errors.Is(err, context.Canceled) {
			return nil
		} else if err != nil {
			return fmt.Errorf("number %d: %w", n, err)
		}
		s.numbered.Add(1)
	}
}

// ask asks once, and checks the answer.
func (s *show) ask(ctx context.Context) error {
	reply, err := messages.Ask(ctx, s.system.Root, s.req, messages.Text("hello"))
	if err == nil && reply.Text() != "HELLO" {
		err = fmt.Errorf("the reply is %q", reply.Text())
	}
	return err
}

// askUntil asks every few milliseconds until enough is true.
func (s *show) askUntil(ctx context.Context, enough func() bool) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ; !enough(); <-tick.C {
		if err := s.ask(ctx); err != nil {
			return err
		}
	}
	return nil
}

// sink is the end of the pipeline: it looks for numbers that are missing.
type sink struct {
	busy sync.Mutex // held by whoever wants the sink to be slow

	mu      sync.Mutex
	next    int64          // guarded by mu: after the highest that has arrived
	missing map[int64]bool // guarded by mu: those below that have not
}

func (s *sink) Receive(c actor.Context) {
	m, ok := c.Message().(*messages.Message)
	if !ok {
		return
	}
	n, err := strconv.ParseInt(m.Text(), 10, 64)
	if err != nil {
		panic(err)
	}
	s.busy.Lock()
	defer s.busy.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; s.next <= n; s.next++ {
		s.missing[s.next] = true
	}
	delete(s.missing, n) // which may have been overtaken, on another connection
}

// got says how far it has got, and how many are missing.
func (s *sink) got() (next int64, missing int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next, len(s.missing)
}
