package fake

import (
	"encoding/binary"
	"strings"
	"time"

	zmq "github.com/pebbe/zmq4"
)

// reports is the sending end of a socket's monitor. Guarded by Net.mu.
type reports struct {
	pair  *socket // bound to where the events go
	held  Message // an event that others are to overtake
	ahead int     // so many more of them
}

// Monitor implements native.Socket. Events come as libzmq's do, unless luck has two change places;
// none over inproc.
func (s *socket) Monitor(at string) error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if at == "" {
		s.stopMonitor()
		return nil
	}
	if err := s.fault("monitor"); err != nil {
		return err
	}
	pair := &socket{net: s.net, typ: zmq.PAIR, tame: true, bound: []string{at}}
	s.net.binders[at] = pair
	s.reports = &reports{pair: pair}
	return nil
}

// stopMonitor says the monitor's last word. Caller holds net.mu.
func (s *socket) stopMonitor() {
	r := s.reports
	if r == nil {
		return
	}
	s.report(zmq.EVENT_MONITOR_STOPPED, 0, "")
	s.reports = nil
	delete(s.net.binders, r.pair.bound[0])
	for _, e := range r.pair.ends {
		e.part(true)
	}
}

// report emits an event. Caller holds net.mu.
func (s *socket) report(event zmq.Event, value uint32, endpoint string) {
	r := s.reports
	if r == nil || s.tame || strings.HasPrefix(endpoint, "inproc://") {
		return
	}
	head := binary.NativeEndian.AppendUint16(nil, uint16(event))
	m := Message{binary.NativeEndian.AppendUint32(head, value), []byte(endpoint)}
	last := event == zmq.EVENT_MONITOR_STOPPED
	if r.held == nil && !last && s.net.unlucky(s.net.luck.Reorder) {
		r.held, r.ahead = m, 1
		if event == zmq.EVENT_ACCEPTED || event == zmq.EVENT_CONNECTED {
			r.ahead += s.net.rng.IntN(3) // libzmq reports these from another of its threads than the rest
		}
		time.AfterFunc(holdBack, func() {
			s.net.mu.Lock()
			defer s.net.mu.Unlock()
			if s.reports == r {
				r.ahead = 0
				r.emit(nil)
			}
		})
		return
	}
	if last {
		r.ahead = 0
		r.emit(nil)
	}
	r.ahead--
	r.emit(m)
}

// holdBack is how long an event waits for another to overtake it.
const holdBack = time.Millisecond

// emit sends m, if there is one, and what m overtakes. Caller holds net.mu.
func (r *reports) emit(m Message) {
	all := []Message{m}
	if r.ahead <= 0 {
		all, r.held = append(all, r.held), nil
	}
	r.pair.process()
	for _, m := range all {
		for _, e := range r.pair.ends {
			if m != nil && !e.closing {
				e.push(m)
			}
		}
	}
}

// joined reports a new pipe to both of its ends.
func (e *end) joined(began zmq.Event) {
	n := e.owner.net
	n.fds++
	e.fd = 1<<20 + n.fds // no descriptor of this process
	e.owner.report(began, e.fd, e.endpoint)
	e.owner.report(zmq.EVENT_HANDSHAKE_SUCCEEDED, 0, e.endpoint)
}

func (e *end) left() {
	if e.fd != 0 {
		e.owner.report(zmq.EVENT_DISCONNECTED, e.fd, e.endpoint)
		e.fd = 0
	}
}

// cut is also what a peer does that dies while a message is being sent. Caller holds net.mu.
func (s *socket) cut() {
	for _, e := range append([]*end(nil), s.ends...) {
		p := e.peer
		if p == nil || s.tame {
			continue
		}
		e.owner.net.lose(p.owner, p.in)
		p.in, p.visible = nil, 0
		e.part(true)
		c, b := s, p.owner
		if b.binds(e.endpoint) {
			join(c, b, e.endpoint)
		} else {
			join(b, c, e.endpoint)
		}
	}
}

func (s *socket) binds(endpoint string) bool { return s.net.binders[endpoint] == s }

// gone closes the monitor when the socket is gone altogether, which libzmq may take its time for.
func (s *socket) gone(linger time.Duration) {
	if linger <= 0 || !s.net.unlucky(s.net.luck.Linger) {
		s.stopMonitor()
		return
	}
	time.AfterFunc(linger/2, func() {
		s.net.mu.Lock()
		s.stopMonitor()
		s.net.mu.Unlock()
	})
}
