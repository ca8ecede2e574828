package fake

import (
	"bytes"
	"encoding/binary"
	"syscall"

	zmq "github.com/pebbe/zmq4"
)

// open reports whether the owner may send into the pipe, as far as it knows.
func (e *end) open() bool { return e.active && !e.closing && e.room > 0 && !e.still() }

// route sends m where the socket's type says, or says why not.
func (s *socket) route(m Message) syscall.Errno {
	switch s.typ {
	case zmq.ROUTER:
		return s.toIdentity(m)
	case zmq.PULL, zmq.SUB:
		return syscall.ENOTSUP
	}
	for range s.ends {
		s.turn++
		if e := s.ends[s.turn%len(s.ends)]; e.open() {
			e.push(s.depart(m))
			return 0
		}
	}
	return syscall.EAGAIN
}

// depart is m as it goes on the wire: a REQ numbers its requests (ZMQ_REQ_CORRELATE).
func (s *socket) depart(m Message) Message {
	if s.typ != zmq.REQ {
		return m
	}
	s.expects = binary.BigEndian.AppendUint32(nil, s.net.rng.Uint32())
	return append(Message{s.expects, {}}, m...)
}

// toIdentity is what a ROUTER does, with ZMQ_ROUTER_MANDATORY.
func (s *socket) toIdentity(m Message) syscall.Errno {
	for _, e := range s.ends {
		if !bytes.Equal(e.id, m[0]) || e.closing {
			continue
		}
		if !e.open() {
			return syscall.EAGAIN
		}
		e.push(m[1:])
		return 0
	}
	return syscall.EHOSTUNREACH
}

// take receives the next message from the peers in turn; nil: there is none.
func (s *socket) take() Message {
	for range s.ends {
		s.turn++
		e := s.ends[s.turn%len(s.ends)]
		for e.ready() {
			if m := s.arrive(e, e.pop()); m != nil {
				return m
			}
		}
	}
	return nil
}

// arrive is m as the socket's user gets it; nil: it is not for them.
func (s *socket) arrive(e *end, m Message) Message {
	switch s.typ {
	case zmq.ROUTER:
		return append(Message{e.id}, m...)
	case zmq.SUB:
		if !s.wants(m) {
			return nil
		}
	case zmq.REQ:
		if len(m) < 3 || s.expects == nil || !bytes.Equal(m[0], s.expects) {
			s.net.lose(s, []Message{m}) // a reply to a request that was given up
			return nil
		}
		s.expects = nil
		return m[2:]
	}
	return m
}
