package fake_test

import (
	"context"
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
	for _, a := range s.cast {
		s.net.Stall(a.native(), false)
	}
	for i, a := range s.pulls {
		s.system.Root.Send(a.pid, &socket.Attach{PID: s.receiver(i).pid})
	}
	time.Sleep(500 * time.Millisecond) // less than it takes to notice a lost Touch; failures come back in 2 ms
	synctest.Wait()
	s.audit("when nothing is in the way:")
	for _, a := range append(s.pulls, s.pushes...) {
		ctx, cancel := ctx()
		if l, err := socket.Counts(ctx, s.system.Root, a.pid); err == nil && l.Queued+l.Held > 0 {
			s.complain("nothing is in the way, and yet %s has %+v", a.pid.Id, l)
		}
		cancel()
	}
	if n := s.net.Flying(); n > 0 {
		s.complain("nothing is in the way, and yet %d messages are not read", n)
	}
	s.puts.Wait()
	for _, a := range s.cast {
		s.system.Root.Poison(a.pid)
	}
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
	var vanished, unsure uint64
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
		switch fates := f.back + f.dead + f.taken + delivered; {
		case fates > 1:
			s.complain("%s came back %d times, was a dead letter %d times, was lost %d times, delivered: %d", name, f.back, f.dead, f.taken, delivered)
		case fates == 0 && f.put:
			vanished++
			if !s.mayDrop() {
				s.complain("%s was put and is nowhere", name)
			}
		case fates == 0 && f.unsure:
			unsure++
		case fates == 0:
			vanished++
		}
	}
	if vanished > dropped || dropped > vanished+unsure {
		s.complain("%d messages are nowhere, of %d it is not known, and %d were dropped", vanished, unsure, dropped)
	}
}

// mayDrop: the ledgers have a reason to drop what was received.
func (s *stage) mayDrop() bool {
	return s.plan.onDead == socket.DropRest || s.plan.skip || strings.Contains(s.plan.String(), string(detach))
}
