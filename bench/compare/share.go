package main

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// shared is one series that many goroutines send, each its part: the numbers first, first+senders, …
// It checks what arrives: the numbers of each sender in order, and the contents.
//
// Owned by the receiver until done is closed.
type shared struct {
	swept
	senders, count uint64
	seen           uint64
	begin          time.Time
	took           time.Duration
	err            error
	done           chan struct{}
}

// share measures the throughput of one PUSH that many goroutines send to.
func share(j *job) error {
	n := uint64(j.many)
	s := &shared{swept: *newSwept(newPattern(j.size), j.many), senders: n, count: uint64(j.n) / n * n, done: make(chan struct{})}
	var err error
	switch j.subject {
	case ours:
		err = s.sockeye(j.at)
	case locked:
		err = s.mutex(j.at)
	default:
		err = j.unknown()
	}
	if err != nil {
		return err
	}
	return j.report(values{"": float64(s.count) / s.took.Seconds()})
}

func (s *shared) more() bool { return s.err == nil && s.seen < s.count }

func (s *shared) receive(m []byte) {
	if !s.more() {
		return
	}
	if s.err = s.swept.see(m); s.err != nil {
		close(s.done)
		return
	}
	if s.seen == 0 {
		s.begin = time.Now()
	}
	if s.seen++; s.seen == s.count {
		s.took = time.Since(s.begin)
		close(s.done)
	}
}

// spread runs the senders and returns when they have sent everything and it has arrived.
func (s *shared) spread(send func(from uint64) error) error {
	var all sync.WaitGroup
	wrong := make(chan error, s.senders)
	for from := range s.senders {
		all.Go(func() { wrong <- send(from) })
	}
	all.Wait()
	close(wrong)
	for err := range wrong {
		if err != nil {
			return err
		}
	}
	<-s.done
	return s.err
}

// wide is an outbox of which 64 senders can each have a share that is worth waiting for.
const wide = 16 * outbox

// sockeye sends from each goroutine to the PID. Each keeps its share of the outbox under way.
func (s *shared) sockeye(at string) error {
	o, err := openSockeye(oneByOne, false)
	if err != nil {
		return err
	}
	sink := o.root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if b, ok := c.Message().(*messages.Batch); ok {
			for frame := range b.Frames() {
				s.receive(frame)
			}
			b.Release()
		}
	}))
	o.pull = o.open(socket.Config{Type: socket.Pull, Bind: []string{at}, Deliver: socket.To(sink), Batch: batchMost})
	o.push = o.open(socket.Config{Type: socket.Push, Connect: []string{at}, Outbox: socket.Limit{Messages: wide}})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := socket.WaitPeers(ctx, o.root, o.push, 1); err != nil {
		return err
	}
	err = s.spread(func(from uint64) error {
		p := &pace{root: o.root, pid: o.push, every: wide / 2 / int(s.senders)}
		for i := from; i < s.count; i += s.senders {
			o.root.Send(o.push, messages.Bytes(s.fresh(i)))
			if err := p.sent(nil, 1); err != nil {
				return err
			}
		}
		return p.flush()
	})
	o.sent, o.seen = s.count, s.count
	return errors.Join(err, o.close())
}

// mutex is what one does with the raw binding: a mutex around the socket.
func (s *shared) mutex(at string) error {
	opened, err := openPebbe()
	if err != nil {
		return err
	}
	p := opened.(*pebbe)
	pull, err := p.bind(zmq.PULL, at, func(string) {})
	if err != nil {
		return err
	}
	push, err := p.ctx.NewSocket(zmq.PUSH)
	if err != nil {
		return err
	}
	if err := push.Connect(at); err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- s.drain(pull) }()
	var mu sync.Mutex
	err = s.spread(func(from uint64) error {
		buf := make([]byte, s.size)
		for i := from; i < s.count; i += s.senders {
			m := s.message(i, buf)
			mu.Lock()
			_, err := push.SendBytes(m, 0)
			mu.Unlock()
			if err != nil {
				return err
			}
		}
		return nil
	})
	p.used <- push
	p.used <- pull
	return errors.Join(err, <-failed, p.close())
}

func (s *shared) drain(pull *zmq.Socket) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for s.more() {
		m, err := pull.RecvBytes(0)
		if err != nil {
			return err
		}
		s.receive(m)
	}
	return s.err
}
