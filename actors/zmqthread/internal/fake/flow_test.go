package fake_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// Whatever happens: ledgers balance at every instant, bounds and windows hold, what one sender sends
// arrives in order, everything has exactly one fate, and when the obstacles are gone it all flows.
func TestFlow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := plans(rt)
		if problems := play(t, p); len(problems) > 0 {
			rt.Fatalf("%v\n%s", p, strings.Join(problems[:min(len(problems), 10)], "\n"))
		}
	})
}

func play(t *testing.T, p plan) (problems []string) {
	synctest.Test(t, func(t *testing.T) {
		s := enter(t, p)
		synctest.Wait()
		for i, step := range p.steps {
			s.do(step, i)
			synctest.Wait()
			s.audit(fmt.Sprintf("after step %d, %s:", i, step.verb))
			if !s.obstacle() {
				s.flows(fmt.Sprintf("after step %d, %s:", i, step.verb))
			}
		}
		s.finale()
		problems = s.problems
	})
	return problems
}

func pick[T any](all []T, i int) T { return all[i%len(all)] }

func (s *stage) do(x step, nth int) {
	switch x.verb {
	case send:
		s.send(pick(s.pushes, x.number), x.count, false, nth)
	case sendMany:
		s.send(pick(s.pushes, x.number), x.count, true, nth)
	case put:
		s.put(pick(s.pushes, x.number), time.Duration(x.count)*10*time.Millisecond, nth)
	case hold, release:
		pick(s.critics, x.number).hold(x.verb == hold)
	case stall, flow:
		a := pick(s.pushes, x.number)
		a.stalled = x.verb == stall
		s.net.Stall(a.native(), a.stalled)
	case upset:
		s.net.Panic(pick(append(s.pushes, s.pulls...), x.number).native())
	case destroy:
		s.net.Break(pick(append(s.pushes, s.pulls...), x.number).native(), syscall.ENOBUFS)
	case attach:
		i := x.number % len(s.pulls)
		s.system.Root.Send(s.pulls[i].pid, &socket.Attach{PID: s.receiver(i).pid})
	case detach, kill:
		s.letGo(pick(s.critics, x.number), x.verb == kill)
	case trip:
		pick(s.critics, x.number).trip()
	case stop, poison:
		s.replace(x.number, x.verb == poison)
	case wait:
		time.Sleep(time.Duration(x.count) * time.Millisecond)
	default:
		s.trouble(x, func() { s.send(pick(s.pushes, x.number), x.count, x.count%2 == 0, nth) })
	}
}

// letGo takes a receiver away from its PULL, in one way or the other.
func (s *stage) letGo(r *receiver, kill bool) {
	switch {
	case r.gone:
	case kill:
		s.system.Root.Poison(r.pid) // what is in its mailbox is processed first: it was delivered
	default:
		s.system.Root.Send(r.pull.pid, &socket.Detach{PID: r.pid})
	}
	r.gone = r.gone || kill
	r.attached = false
}

// replace stops a socket and puts another in its place.
func (s *stage) replace(i int, politely bool) {
	which, spawn := s.pushes, s.spawnPush
	if i %= len(s.pushes) + len(s.pulls); i >= len(s.pushes) {
		i -= len(s.pushes)
		which, spawn = s.pulls, s.spawnPull
	}
	if politely {
		s.system.Root.Poison(which[i].pid)
	} else {
		s.system.Root.Stop(which[i].pid)
	}
	for _, r := range s.critics {
		r.attached = r.attached && r.pull != which[i]
	}
	which[i] = spawn(i)
}

// compose makes message number of a sender and notes that it exists.
func (s *stage) compose(sender string, number int) *messages.Message {
	name := fmt.Sprint(sender, " ", number)
	size := (number*7919 + len(sender)*104729) % s.plan.largestSize
	m := messages.Text(name)
	if number%3 == 0 {
		m.Frames = append(m.Frames, make([]byte, size))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fates[name] = &fate{got: map[*receiver]int{}}
	return m
}

func (s *stage) send(to *actress, count int, together bool, nth int) {
	var all []*messages.Message
	for range count {
		to.sent++
		all = append(all, s.compose(to.pid.Id, to.sent))
	}
	if together {
		s.largest = max(s.largest, uint64(count))
		s.system.Root.RequestWithCustomSender(to.pid, messages.Pack(all...), s.me)
		return
	}
	for i, m := range all {
		if (i+nth)%5 == 0 {
			s.system.Root.Send(to.pid, m) // and nobody to give it back to
		} else {
			s.system.Root.RequestWithCustomSender(to.pid, m, s.me)
		}
	}
}

func (s *stage) put(to *actress, patience time.Duration, nth int) {
	sender := fmt.Sprint(to.pid.Id, "/put-", nth)
	m := s.compose(sender, 1)
	s.waiting.Add(1)
	s.puts.Go(func() {
		defer s.waiting.Add(-1)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err := messages.Put(ctx, s.system.Root, to.pid, m)
		s.note(m, func(f *fate) { f.unsure, f.put = err != nil, err == nil })
		if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, messages.ErrStopped) && !errors.Is(err, messages.ErrDropped) {
			s.complain("put: %v", err)
		}
	})
}

// returned is a message that came back to its sender.
func (s *stage) returned(m *messages.Rejected) {
	if m.Message != nil {
		s.note(m.Message, func(f *fate) { f.back++ })
	}
	if m.Batch != nil {
		s.note(m.Batch, func(f *fate) { f.back++ })
	}
}

// note changes the fate of a message, or of all of a batch.
func (s *stage) note(x any, change func(*fate)) {
	var all []*messages.Message
	switch m := x.(type) {
	case *messages.Message:
		all = []*messages.Message{m}
	case *messages.Batch:
		all = m.Messages()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range all {
		if f := s.fates[string(m.Frames[0])]; f != nil {
			change(f)
		} else if s.plan.pushes > 0 { // or this is another play
			s.problems = append(s.problems, fmt.Sprintf("nobody has sent %.40q", m.Text()))
		}
	}
}

// audit is what must hold whenever nothing is under way.
func (s *stage) audit(when string) {
	for _, a := range append(append([]*actress(nil), s.pushes...), s.pulls...) {
		ctx, cancel := ctx()
		l, err := socket.Counts(ctx, s.system.Root, a.pid)
		cancel()
		if err != nil {
			s.complain("%s counts of %s: %v", when, a.pid.Id, err)
			continue
		}
		if what := rig.Unbalanced(l); what != "" {
			s.complain("%s %s %s", when, a.pid.Id, what)
		}
		if !s.within(l) {
			s.complain("%s %s has %d messages, %d bytes queued, the bound is %+v", when, a.pid.Id, l.Queued, l.QueuedBytes, s.plan.outbox)
		}
	}
	for _, r := range s.critics {
		r.mu.Lock()
		if r.most > s.plan.window {
			s.complain("%s %s had %d messages, its window is %d", when, r.pid.Id, r.most, s.plan.window)
		}
		r.mu.Unlock()
	}
}

// within its bounds; but what is larger than the whole outbox may have it for itself.
func (s *stage) within(l socket.Ledger) bool {
	bound := s.plan.outbox
	if l.Queued <= uint64(bound.Messages) && l.QueuedBytes <= uint64(bound.Bytes) || l.Queued == 1 {
		return true
	}
	return s.plan.overflow != socket.DropOldest && l.Queued <= s.largest
}
