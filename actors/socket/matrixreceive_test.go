package socket_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// audience is the subject and those who receive from it, with f to feed it.
type audience struct {
	*stage
	f          *far
	slow, fast *reader // fast is nil when there is one only
	fed        []string
}

// receivers are those of the subject as the plan wants them.
func (s *stage) receivers(pids ...*actor.PID) (r socket.Receivers) {
	switch {
	case s.mode == "RoundRobin":
		r = socket.RoundRobin(pids...)
	case s.mode == "ByTopic" && len(pids) == 1:
		r = socket.ByTopic(map[string]*actor.PID{"": pids[0]})
	case s.mode == "ByTopic":
		r = socket.ByTopic(map[string]*actor.PID{"a": pids[0], "b": pids[1]})
	default:
		r = socket.To(pids...)
	}
	if s.skip {
		r = r.SkipSlow()
	}
	return r
}

// listen spawns a subject that delivers to these, and its peer.
func (s *stage) listen(pids ...*actor.PID) *audience {
	s.deaf = true
	if s.mode == "" {
		s.mode = "To"
	}
	if s.cfg.Window == 0 {
		s.cfg.Window = 2
	}
	if len(pids) == 0 {
		s.mode = "none"
	} else {
		s.cfg.Deliver = s.receivers(pids...)
	}
	if s.typ == socket.Stream {
		s.cfg.Options.StreamNotify = socket.Off
	}
	a := &audience{stage: s}
	if s.connects {
		a.f = s.invite("far", true)
		s.enter()
		s.meet(a.f)
	} else {
		s.enter()
		a.f = s.join("far", true)
	}
	if s.typ == socket.Stream {
		// The far STREAM knows the subject by what it was told when they met.
		rig.Until(s.T, "the far knows the subject", func() bool { return a.f.head("") != "" })
		a.f.id = []byte(a.f.head(""))
	}
	return a
}

// feeder is the socket whose outbox fills when the subject is not read: a REQ gets what it asks for.
func (a *audience) feeder() *actor.PID {
	if a.typ == socket.Req {
		return a.pid
	}
	return a.f.pid
}

func (a *audience) feed(item string) {
	a.fed = append(a.fed, item)
	m := messages.Text(a.text(item))
	switch a.typ {
	case socket.Rep:
		m = messages.Text("", a.text(item))
	case socket.Stream:
		m = messages.Bytes(a.f.id, []byte(a.text(item)))
	}
	a.Root.Send(a.feeder(), m)
}

// feedSeveral feeds, in turn, what is for one receiver and for the other when they go by topic.
func (a *audience) feedSeveral() {
	for i := range several {
		a.feed(fmt.Sprintf("%c%02d", 'a'+i%2, i))
		if a.typ == socket.XPub {
			a.settle() // an XSUB drops what does not fit at once: let it not be for that
		}
	}
	a.settle()
}

// receiverFull: the only receiver has its window full and processes nothing.
func (s *stage) receiverFull() string {
	slow := s.reader(false)
	a := s.listen(slow.pid)
	a.slow = slow
	return a.full()
}

// oneOfTwoFull: another receiver processes what it gets at once.
func (s *stage) oneOfTwoFull() string {
	slow, fast := s.reader(false), s.reader(true)
	a := s.listen(slow.pid, fast.pid)
	a.slow, a.fast = slow, fast
	return a.full()
}

// heard is what could be observed of an audience.
type heard struct {
	Subject, Feeder socket.Ledger // while the slow one was slow
	Early           int           // what the fast one had by then, in bytes
	Missed          []int         // by the slow and the fast one in the end, in bytes
	Total           int           // that were fed
	Size            int           // of one item
	Ordered         bool
	two             bool
}

func (a *audience) full() string {
	a.feedSeveral()
	size := len(a.text(a.fed[0]))
	h := &heard{Subject: a.Counts(a.pid), Feeder: a.Counts(a.feeder()), Size: size, Total: several * size, Ordered: true, two: a.fast != nil}
	if h.two {
		_, h.Early = a.fast.got()
	}
	a.slow.let()
	a.endOf(h.Total)
	switch {
	case !h.two:
		h.Missed = []int{a.missed(h, 'a', 'b', a.slow)}
	case a.mode == "RoundRobin":
		h.Missed = []int{a.missed(h, 'a', 'b', a.slow, a.fast)}
	case a.mode == "ByTopic":
		h.Missed = []int{a.missed(h, 'a', 'a', a.slow), a.missed(h, 'b', 'b', a.fast)}
	default:
		h.Missed = []int{a.missed(h, 'a', 'b', a.slow), a.missed(h, 'a', 'b', a.fast)}
	}
	return h.code()
}

// endOf waits until everything has been delivered that will be: until something that was fed later
// has. Of a STREAM nothing gets lost on the way, and its bytes have no end to wait for.
func (a *audience) endOf(total int) {
	a.T.Helper()
	done := func() (done bool) {
		sum := 0
		for _, r := range []*reader{a.slow, a.fast} {
			if r != nil {
				items, bytes := r.got()
				sum += bytes
				done = done || slices.ContainsFunc(items, func(item string) bool { return strings.HasPrefix(item, "bend") })
			}
		}
		return done || a.typ == socket.Stream && sum >= total
	}
	rig.Until(a.T, "the end is delivered", func() bool {
		if !done() && a.typ != socket.Stream {
			a.ends++
			a.feed(fmt.Sprintf("bend%d", a.ends))
		}
		return done()
	})
	a.settle()
}

// missed is how much of the topics from…to has reached none of these.
func (a *audience) missed(h *heard, from, to byte, by ...*reader) int {
	due, have := h.Total*int(to-from+1)/2, 0
	for _, r := range by {
		items, bytes := r.got()
		if a.typ == socket.Stream {
			have += bytes
			continue
		}
		last := ""
		for _, item := range items {
			if !strings.HasPrefix(item, "bend") {
				have += h.Size
				h.Ordered = h.Ordered && item[1:] > last
				last = item[1:]
			}
		}
	}
	return due - have
}

func (h *heard) code() string {
	missed, stuck := 0, h.Feeder.Queued > 0
	for _, n := range h.Missed {
		missed += n
	}
	skipped := h.Subject.Skipped > 0 && h.Missed[0] == missed && !stuck
	counted := int(h.Subject.Skipped)*h.Size == missed || h.Size > 100 // of a STREAM they are chunks
	switch {
	case !h.Ordered || missed < 0:
	case missed == 0 && stuck && h.Early < h.Total/2:
		return "not read"
	case missed == 0 && !stuck && h.two && h.Subject.Skipped == 0 && h.Early > h.Total/2:
		return "goes to others"
	case missed == 0 && !stuck && h.Subject.Skipped == 0:
		return "piles up"
	case skipped && counted && h.two && len(h.Subject.Dropped) == 0:
		return "skipped"
	case skipped && counted && h.two && len(h.Subject.Dropped) == 1:
		for reason, n := range h.Subject.Dropped {
			if n == h.Subject.Skipped {
				return "skipped, " + reason
			}
		}
	case !stuck && h.Subject.Skipped == 0 && int(h.Subject.Dropped["slow"])*h.Size == missed && len(h.Subject.Dropped) == 1:
		return "dropped, slow"
	case missed > 0 && !stuck && h.Subject.Skipped == 0 && len(h.Subject.Dropped) == 0:
		return "libzmq drops"
	}
	return fmt.Sprintf("something else: %+v", *h)
}

// receiverDead: one of two receivers dies, and then, if the socket goes on, the other.
func (s *stage) receiverDead() string {
	first, second := s.reader(true), s.reader(true)
	a := s.listen(first.pid, second.pid)
	s.Stop(first.pid)
	s.readers = slices.DeleteFunc(s.readers, func(r *reader) bool { return r == first })
	if s.cfg.OnDead == socket.StopSocket {
		rig.Until(s.T, "the socket has stopped", func() bool { return socket.Reason(s.Ctx, s.Root, s.pid) != nil })
		if err := socket.Reason(s.Ctx, s.Root, s.pid); !errors.Is(err, socket.ErrReceiverGone) {
			return fmt.Sprint("something else: ", err)
		}
		return "stops"
	}
	s.knows(first.pid)
	a.feed("b00")
	rig.Until(s.T, "the other receiver goes on", func() bool { items, _ := second.got(); return len(items) > 0 })
	s.Stop(second.pid)
	s.readers = slices.DeleteFunc(s.readers, func(r *reader) bool { return r == second })
	s.knows(second.pid)
	return a.unheard()
}

// noReceiver: there never was one.
func (s *stage) noReceiver() string { return s.listen().unheard() }

// unheard feeds what nobody is there for, and then attaches somebody.
func (a *audience) unheard() string {
	before := a.Counts(a.pid)
	a.fed = nil
	a.feedSeveral()
	l, feeder := a.Counts(a.pid), a.Counts(a.feeder())
	dead := len(a.Dead.To(a.pid))
	unmatched := int(l.Dropped["unmatched"] - before.Dropped["unmatched"])
	a.slow = a.reader(true)
	a.Do(a.pid, &socket.Attach{PID: a.slow.pid})
	size := len(a.text(a.fed[0]))
	h := &heard{Total: several * size, Size: size, Ordered: true}
	if unmatched == 0 {
		a.endOf(h.Total)
	}
	missed := a.missed(h, 'a', 'b', a.slow) / size
	switch {
	case !h.Ordered:
	case missed == 0 && feeder.Queued > 0 && l.Delivered == before.Delivered:
		return "not read"
	case missed == several && unmatched == several && dead == several && feeder.Queued == 0:
		return "dead letters"
	case (missed == several && unmatched == several || a.typ == socket.Stream && unmatched > 0) && dead == 0 && feeder.Queued == 0:
		return "dropped"
	}
	return fmt.Sprintf("something else: %d missed, %d unmatched, %d dead letters, %+v", missed, unmatched, dead, l)
}
