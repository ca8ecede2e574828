package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// crowd is many sockets of one process. Idle ones are PULLs that are bound over inproc and that nobody
// connects to.
type crowd interface {
	// addIdle opens idle sockets.
	addIdle(n int) error
	// addPairs opens connected pairs, tcp or inproc.
	addPairs(n int, transport string) error
	// pass sends message i through a pair and returns when it has been received and checked.
	pass(pair int, i uint64) error
	// stream sends n messages through a pair, from first on, and returns when all have been received and
	// checked. For each the thread does just this: send one, poll, receive one.
	stream(pair int, first, n uint64) error
	// passAll sends messages from first on, one through each pair, and returns when all have been
	// received and checked.
	passAll(first uint64) error
	close() error
}

func (j *job) crowd() (crowd, error) {
	if err := manyFiles(4 * j.many); err != nil {
		return nil, err
	}
	p := newPattern(max(j.size, header))
	switch j.subject {
	case raw:
		return newPebbeCrowd(p)
	case eachPolled:
		c, err := newPebbeCrowd(p)
		return &polledCrowd{c.(*pebbeCrowd)}, err
	case ours, lean:
		return newSockeyeCrowd(p, j.subject == lean)
	}
	return nil, j.unknown()
}

// manyFiles makes room for so many file descriptors: a socket has one, and two more for its monitor.
func manyFiles(n int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Cur >= uint64(n) {
		return nil
	}
	limit.Cur, limit.Max = uint64(n), max(limit.Max, uint64(n))
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("%d file descriptors: %w", n, err)
	}
	return nil
}

// idle times one pair among idle sockets: a message that its sender waits for; and the
// ZeroMQ thread's own part of it, where the sender is ahead.
func idle(j *job) error {
	c, err := j.crowd()
	if err != nil {
		return err
	}
	if err := errors.Join(c.addIdle(j.many-2), c.addPairs(1, j.transport)); err != nil {
		return err
	}
	var took []time.Duration
	warm := max(j.n/10, 20)
	for i := range warm + j.n {
		begin := time.Now()
		if err := c.pass(0, uint64(i)); err != nil {
			return err
		}
		if i >= warm {
			took = append(took, time.Since(begin))
		}
	}
	begin := time.Now()
	if err := c.stream(0, uint64(warm+j.n), uint64(10*j.n)); err != nil {
		return err
	}
	turn := time.Since(begin)
	if err := c.close(); err != nil {
		return err
	}
	return j.report(values{"a message": µs(median(took)), "send-poll-receive": µs(turn) / float64(10*j.n)})
}

// sweepAll times sweeps over all pairs. A figure is the time of one sweep, for each message of it.
func sweepAll(j *job) error {
	c, err := j.crowd()
	if err != nil {
		return err
	}
	pairs := j.many / 2
	if err := c.addPairs(pairs, j.transport); err != nil {
		return err
	}
	var took []time.Duration
	warm := j.n/10 + 1
	for i := range warm + j.n {
		begin := time.Now()
		if err := c.passAll(uint64(i * pairs)); err != nil {
			return err
		}
		if i >= warm {
			took = append(took, time.Since(begin))
		}
	}
	if err := c.close(); err != nil {
		return err
	}
	return j.report(values{"p50": µs(median(took)) / float64(pairs)})
}

func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}

// swept checks the messages of one sweep, which may arrive in any order, but each from its own pair,
// and each once.
type swept struct {
	*pattern
	next []uint64 // what each pair is to receive next
	left int      // of this sweep
}

func newSwept(p *pattern, pairs int) *swept {
	s := &swept{pattern: p, next: make([]uint64, pairs)}
	for i := range s.next {
		s.next[i] = uint64(i)
	}
	return s
}

// see verifies one message. Which pair it came through stands in its number.
func (s *swept) see(m []byte) error {
	if len(m) != s.size {
		return fmt.Errorf("a message has %d bytes", len(m))
	}
	pairs := uint64(len(s.next))
	pair := binary.LittleEndian.Uint64(m) % pairs
	if !s.is(m, s.next[pair]) {
		return s.wrong(m, s.next[pair])
	}
	s.next[pair] += pairs
	s.left--
	return nil
}
