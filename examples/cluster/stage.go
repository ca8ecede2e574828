package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/cluster"
	"github.com/sockeye-mq/sockeye/cluster/embedded"
	"github.com/sockeye-mq/sockeye/messages"
)

// stage is one process of the pipeline.
type stage struct {
	role  string
	dir   string
	peers map[string]string
	n     int

	system *actor.ActorSystem
	thread *zmqthread.Thread
}

// run joins the cluster, does its part, and leaves when ctx is over.
func (s *stage) run(ctx context.Context, out io.Writer) error {
	s.system = actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	var err error
	if s.thread, err = zmqthread.Start(s.system, zmqthread.Config{}); err != nil {
		return err
	}
	cl, err := cluster.Join(s.system, s.thread, cluster.Config{Name: "pipeline", Member: s.role, Host: "127.0.0.1",
		Directory: embedded.Directory(embedded.Config{Dir: s.dir, Name: s.role, Peers: s.peers}), Patience: 30 * time.Second})
	if err != nil {
		return errors.Join(err, s.thread.Shutdown(context.Background()))
	}
	switch s.role {
	case "source":
		err = s.source(ctx)
	case "worker":
		s.worker(ctx)
	case "sink":
		err = s.sink(ctx, out)
	}
	if err == nil {
		fmt.Fprintln(out, s.role, "is done, or waits for more")
		<-ctx.Done() // its etcd is one of three
	}
	last, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	left := cl.Leave(last)
	if errors.Is(left, cluster.ErrUnavailable) {
		left = nil // the others have gone first: one of three is no majority. The lease ends by itself
	}
	return errors.Join(err, left, s.thread.Shutdown(context.Background()))
}

func (s *stage) socket(cfg socket.Config) *actor.PID {
	return s.system.Root.Spawn(socket.Props(s.thread, cfg))
}

// source sends the numbers from 1 to n, as fast as the others take them.
func (s *stage) source(ctx context.Context) error {
	work := s.socket(socket.Config{Type: socket.Push, Bind: []string{"cluster://numbers"}})
	for i := range s.n {
		if err := messages.Put(ctx, s.system.Root, work, number(uint64(i+1))); err != nil {
			return err
		}
	}
	return nil
}

// worker squares them. Put holds it up while the sink is behind, and what it has not processed holds up the source.
func (s *stage) worker(ctx context.Context) {
	results := s.socket(socket.Config{Type: socket.Push, Connect: []string{"cluster://squares"}})
	square := s.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			x := value(m)
			if err := messages.Put(ctx, c, results, number(x*x)); err != nil && ctx.Err() == nil {
				c.Logger().Error("a square is lost", "error", err)
			}
		}
	}))
	s.socket(socket.Config{Type: socket.Pull, Connect: []string{"cluster://numbers"}, Deliver: socket.To(square)})
}

// sink adds them up.
func (s *stage) sink(ctx context.Context, out io.Writer) error {
	done := make(chan uint64, 1)
	var n int
	var sum uint64
	add := s.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			sum += value(m)
			if n++; n == s.n {
				done <- sum
			}
		}
	}))
	s.socket(socket.Config{Type: socket.Pull, Bind: []string{"cluster://squares"}, Deliver: socket.To(add)})
	select {
	case sum := <-done:
		fmt.Fprintf(out, "the squares from 1 to %d are %d together\n", s.n, sum)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func number(x uint64) *messages.Message {
	return messages.Bytes(binary.BigEndian.AppendUint64(nil, x))
}

// value is what number has packed; 0 for anything else.
func value(m *messages.Message) uint64 {
	if b := m.Body(); len(b) == 1 && len(b[0]) == 8 {
		return binary.BigEndian.Uint64(b[0])
	}
	return 0
}
