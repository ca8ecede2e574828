package socket

import (
	"time"
)

// service is the requests that may still be answered through their sender's PID, by number, and in
// the order in which they came. The number is the RequestId of that PID, and Message.Request.
type service struct {
	limit   int
	timeout time.Duration

	byID        map[uint32]*request // guarded by box.mu
	first, last *request            // guarded by box.mu: oldest and newest
	next        uint32              // guarded by box.mu
}

const forEver = 100 * 365 * 24 * time.Hour

type request struct {
	id         uint32
	route      [][]byte // its envelope
	due        time.Time
	prev, next *request
}

func newService(c Config) *service {
	c = c.withDefaults()
	if c.Lockstep {
		c.ReplyTimeout = forEver
	}
	return &service{limit: c.InService, timeout: c.ReplyTimeout, byID: map[uint32]*request{}}
}

// begin puts a request in service and returns its number. The oldest gives way when there are too
// many.
func (s *service) begin(b *box, route [][]byte) uint32 {
	r := &request{route: copyFrames(route), due: b.now.Add(s.timeout)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(s.byID) >= s.limit {
		b.unanswered = append(b.unanswered, s.first.id)
		s.remove(s.first)
	}
	for r.id == 0 || s.byID[r.id] != nil {
		s.next++
		r.id = s.next
	}
	s.byID[r.id] = r
	if r.prev = s.last; r.prev == nil {
		s.first = r
		b.arm(r.due)
	} else {
		r.prev.next = r
	}
	s.last = r
	return r.id
}

// take ends a request because it is being answered. Caller holds box.mu.
func (s *service) take(id uint32) (route [][]byte, ok bool) {
	r := s.byID[id]
	if r == nil {
		return nil, false
	}
	s.remove(r)
	return r.route, true
}

// expire gives up what is due. Caller holds box.mu.
func (s *service) expire(now time.Time) (given []uint32) {
	for s.first != nil && !now.Before(s.first.due) {
		given = append(given, s.first.id)
		s.remove(s.first)
	}
	return given
}

// forget gives up everything: the native socket that knew the routes is gone.
func (s *service) forget(b *box) {
	b.mu.Lock()
	for s.first != nil {
		b.unanswered = append(b.unanswered, s.first.id)
		s.remove(s.first)
	}
	post := b.nudge()
	b.mu.Unlock()
	post()
}

func (s *service) remove(r *request) {
	delete(s.byID, r.id)
	if r.prev != nil {
		r.prev.next = r.next
	} else {
		s.first = r.next
	}
	if r.next != nil {
		r.next.prev = r.prev
	} else {
		s.last = r.prev
	}
}

// copyFrames copies a route out of the batch it came in, which it would keep alive.
func copyFrames(frames [][]byte) [][]byte {
	n := 0
	for _, f := range frames {
		n += len(f)
	}
	all, out := make([]byte, 0, n), make([][]byte, len(frames))
	for i, f := range frames {
		at := len(all)
		all = append(all, f...)
		out[i] = all[at:len(all):len(all)]
	}
	return out
}
