package socket_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// wrongTurn: out of turn, or in the wrong direction.
func (s *stage) wrongTurn() string {
	switch s.typ {
	case socket.Req:
		return s.secondRequest()
	case socket.Rep, socket.Router, socket.Stream:
		if s.cfg.Lockstep {
			return s.secondBeforeAnswer()
		}
		return s.lateAnswer()
	case socket.Pull, socket.Sub:
		return s.refusesToSend()
	case socket.Push, socket.Pub:
		return s.refusesReceivers()
	}
	return s.anyOrder()
}

// secondRequest: while the first one waits for its reply, for ever or until ReplyTimeout.
func (s *stage) secondRequest() string {
	s.enter()
	f := s.join("mute", false)
	first := ask(s.Ctx, s.Rig, s.pid, "m00\n")
	rig.Until(s.T, "it is on its way", func() bool { return s.Counts(s.pid).Taken == 1 })
	second := ask(s.Ctx, s.Rig, s.pid, "m01\n")
	rig.Until(s.T, "the second is there", func() bool { return s.Counts(s.pid).Accepted == 2 })
	var err error
	if s.cfg.ReplyTimeout > 0 {
		err = <-first
	}
	s.settle()
	l := s.Counts(s.pid)
	f.let()
	rig.Until(s.T, "the second is sent", func() bool { return s.Counts(s.pid).Taken == 2 })
	timedOut := errors.Is(err, messages.ErrTimedOut)
	switch {
	case err == nil && l.Queued == 1 && <-first == nil && <-second == nil:
		return "waits"
	case timedOut && l.Taken == 2:
		return "times out"
	case timedOut && l.Queued == 1:
		return "times out, holds up"
	}
	return fmt.Sprintf("something else: %v, %+v", err, l)
}

// lateAnswer: to a request that was answered already, or given up before.
func (s *stage) lateAnswer() string {
	events := s.Collector()
	if s.cfg.Events = events.PID; s.cfg.ReplyTimeout > 0 {
		s.cfg.ReplyTimeout = 1 // over by the time that anybody answers
	}
	s.enter()
	f := s.join("far", true)
	var refused *messages.Rejected
	rig.Until(s.T, "an answer is refused", func() bool {
		asked := s.asked(f)
		switch {
		case s.cfg.ReplyTimeout > 0:
			s.round() // it is given up by now, or will be by the next try
		case s.cfg.InService > 0:
			s.asked(f)
		default:
			asked.Respond(messages.Text(s.text("m00")))
		}
		asked.Respond(messages.Text(s.text("m01")))
		s.round()
		for _, m := range mailOf(s.Rig, s.in) {
			if r, ok := m.Message.(*messages.Rejected); ok {
				refused = r
			}
		}
		return refused != nil
	})
	told := slices.ContainsFunc(mailOf(s.Rig, events), func(m rig.Mail) bool { _, ok := m.Message.(*socket.Unanswered); return ok })
	switch code := reasonOf(refused); {
	case itemOf(refused.Message) != "m01" || s.Counts(s.pid).Rejected != 1:
		return fmt.Sprintf("something else: %v: %v", refused, s.Counts(s.pid))
	case code == "no request" && told:
		return "given up"
	default:
		return code
	}
}

// asked has f ask something and returns the request as the receiver got it.
func (s *stage) asked(f *far) rig.Mail {
	s.T.Helper()
	m := messages.Text("", "?")
	if s.typ == socket.Stream {
		rig.Until(s.T, "the far knows the subject", func() bool { return f.head("") != "" })
		m = messages.Text(f.head(""), "?")
	}
	s.Put(f.pid, m)
	_, mail := rig.Take[*messages.Message](s.in)
	return mail
}

// mailOf takes what has come to c so far.
func mailOf(r *rig.Rig, c *rig.Collector) (all []rig.Mail) {
	mark := make(fence)
	r.Root.Send(c.PID, mark)
	for {
		m := c.Next()
		if m.Message == any(mark) {
			return all
		}
		all = append(all, m)
	}
}

// secondBeforeAnswer: a REP in Lockstep is asked several things at once.
func (s *stage) secondBeforeAnswer() string {
	s.enter()
	f := s.join("far", true)
	for i := range several {
		s.Root.Send(f.pid, messages.Text("", itemName(i)))
	}
	s.settle()
	l, feeder := s.Counts(s.pid), s.Counts(f.pid)
	for i := range several {
		m, mail := rig.Take[*messages.Message](s.in)
		if extra := mailOf(s.Rig, s.in); m.Text() != itemName(i) || len(extra) > 0 {
			return fmt.Sprintf("something else: %q and %v", m.Text(), extra)
		}
		mail.Respond(messages.Text(s.text(m.Text())))
	}
	rig.Until(s.T, "all is answered", func() bool { items, _ := f.got(); return len(items) == several })
	if l.Received != 1 || feeder.Queued == 0 {
		return fmt.Sprintf("something else: %+v, %+v", l, feeder)
	}
	return "not read"
}

// anyOrder: both ends send twice before anybody has received, and once more.
func (s *stage) anyOrder() string {
	s.wide = true
	s.enter()
	f := s.join("far", true)
	for i := range 3 {
		s.Put(s.pid, messages.Text(s.text(itemName(2*i))))
		s.Put(s.pid, messages.Text(s.text(itemName(2*i+1))))
		s.Put(f.pid, messages.Text(s.text(itemName(2*i))))
		s.Put(f.pid, messages.Text(s.text(itemName(2*i+1))))
	}
	s.settle()
	there, _ := f.got()
	var here []string
	for _, m := range mailOf(s.Rig, s.in) {
		if item := itemOf(m.Message.(*messages.Message)); strings.HasPrefix(item, "m") {
			here = append(here, item)
		}
	}
	want := []string{"m00", "m01", "m02", "m03", "m04", "m05"}
	if !slices.Equal(there, want) || !slices.Equal(here, want) {
		return fmt.Sprintf("something else: %q, %q", there, here)
	}
	return "–"
}
