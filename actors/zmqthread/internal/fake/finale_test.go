package fake_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// finale takes every obstacle away, sees that everything flows, ends the play, and asks what has
// become of each message.
func (s *stage) finale() {
	for _, r := range s.critics {
		r.hold(false)
	}
	s.relieve()
	for _, a := range s.cast {
		a.stalled = false
		s.net.Stall(a.native(), false)
	}
	for i, a := range s.pulls {
		s.system.Root.Send(a.pid, &socket.Attach{PID: s.receiver(i).pid})
	}
	s.flows("in the end:")
	s.puts.Wait()
	for _, a := range s.cast {
		s.system.Root.Poison(a.pid)
	}
	time.Sleep(100 * time.Millisecond) // not their linger: there is nothing left to linger for
	synctest.Wait()
	s.mu.Lock()
	if n := len(s.last); n < len(s.cast) {
		s.problems = append(s.problems, fmt.Sprintf("%d sockets of %d have stopped", n, len(s.cast)))
	}
	s.mu.Unlock()
	time.Sleep(2 * time.Second)
	synctest.Wait()
	for _, thread := range s.threads {
		if err := thread.Shutdown(context.Background()); err != nil {
			s.complain("shutdown: %v", err)
		}
	}
	for _, r := range s.critics {
		s.system.Root.Stop(r.pid)
	}
	s.system.Root.Stop(s.me)
	s.system.Root.Stop(s.events)
	time.Sleep(time.Second)
	synctest.Wait()
	s.account()
}

// obstacle: something is in the way of what is to flow.
func (s *stage) obstacle() bool {
	for _, a := range s.pushes {
		if a.stalled {
			return true
		}
	}
	served := map[*actress]bool{}
	for _, r := range s.critics {
		r.mu.Lock()
		held := r.held != nil
		r.mu.Unlock()
		if held && (r.attached || r.gone) { // a receiver that is killed dies when it is done
			return true
		}
		served[r.pull] = served[r.pull] || r.attached
	}
	for _, a := range s.pulls {
		if !served[a] {
			return true
		}
	}
	return false
}

// flows: nothing is in the way, so everything gets there; and not only when somebody looks for lost
// Touches, after a second.
func (s *stage) flows(when string) {
	time.Sleep(600 * time.Millisecond) // a failed socket comes back in 2 ms; a bind that is in use is tried for 500
	synctest.Wait()
	s.audit(when)
	for _, a := range append(append([]*actress(nil), s.pulls...), s.pushes...) {
		ctx, cancel := ctx()
		if l, err := socket.Counts(ctx, s.system.Root, a.pid); err == nil && l.Queued+l.Held > 0 {
			s.complain("%s nothing is in the way, and yet %s has %+v", when, a.pid.Id, l)
		}
		cancel()
	}
	s.meet(when, append(slices.Clone(s.pulls), s.pushes...))
	if n := s.net.Flying(); n > 0 {
		s.complain("%s nothing is in the way, and yet %d messages are not read", when, n)
	}
	if n := s.waiting.Load(); n > 0 {
		s.complain("%s nothing is in the way, and yet %d are waiting to put", when, n)
	}
}

// account finds the one fate of every message, and compares the ledgers with what was seen.
func (s *stage) account() {
	var dropped, accepted, taken, received uint64
	for _, a := range s.cast {
		l := s.last[a.pid.Id]
		if l == nil {
			s.complain("%s has not said what became of it", a.pid.Id)
			continue
		}
		if what := rig.Unbalanced(*l); what != "" || l.Queued+l.Held > 0 {
			s.complain("%s has stopped with %+v %s", a.pid.Id, *l, what)
		}
		for _, n := range l.Discarded {
			dropped += n
		}
		for _, n := range l.Dropped {
			dropped += n
		}
		accepted, taken, received = accepted+l.Accepted, taken+l.Taken, received+l.Received
	}
	for _, m := range s.net.Lost() {
		if f := s.fates[string(m[0])]; f != nil {
			f.taken++
		}
	}
	if lost := uint64(len(s.net.Lost())); taken != received+lost {
		s.complain("ZeroMQ took %d, gave %d and lost %d", taken, received, lost)
	}
	s.judge(dropped)
}

// judge finds out whether every message has one fate; dropped is how many the ledgers say were dropped.
func (s *stage) judge(dropped uint64) {
	if n := s.net.Uncopied(); n > 0 {
		s.complain("%d large messages are still in ZeroMQ's memory", n)
	}
	var vanished, unsure, tripped uint64
	for name, f := range s.fates {
		delivered := 0
		for _, n := range f.got {
			if n > 1 {
				s.complain("%s was delivered %d times to one receiver", name, n)
			}
			delivered = 1
		}
		if len(f.got) == 0 && f.mailed != nil && f.mailed.gone {
			delivered = 1 // behind its PoisonPill, where Proto.Actor leaves it (facts P7)
		}
		if f.tripped && delivered > 0 {
			tripped++
		}
		switch fates := f.back + f.dead + f.taken + delivered; {
		case fates > 1:
			s.complain("%s came back %d times, was a dead letter %d times, was lost %d times, delivered: %d", name, f.back, f.dead, f.taken, delivered)
		case fates == 0 && f.put:
			vanished++
			if !f.tripped && !s.mayDrop() {
				s.complain("%s was put and is nowhere", name)
			}
		case fates == 0 && f.unsure:
			unsure++
		case fates == 0:
			vanished++
		}
	}
	if vanished > dropped || dropped > vanished+unsure+tripped {
		s.complain("%d messages are nowhere, of %d it is not known, %d were delivered in part, and %d were dropped",
			vanished, unsure, tripped, dropped)
	}
}

// mayDrop: the ledgers have a reason to drop what was received.
func (s *stage) mayDrop() bool {
	return s.plan.onDead == socket.DropRest || s.plan.skip || strings.Contains(s.plan.String(), string(detach))
}
