package socket

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// hop is a connection to one who has bound a name. Owned by the actor.
type hop struct {
	by     map[string]bool // names whose record stands; none: it goes when it ends
	target Target          // the latest record
	name   string          // under which it stood
	state  hopState
	since  time.Time // it is in that state
	cancel func()    // of a lost one: who waits for a sign of life
	held   bool      // it is dialed when what is settling is settled
	moved  time.Time // when it was last told that the binder has another native socket
}

type hopState int

const (
	lost    hopState = iota // there is no connection, and perhaps no binder
	dialing                 // there will be one, or not
	up
)

// dialPatience is how long a connection may take, with its handshake, before it counts as lost.
const dialPatience = 5 * time.Second

// heardOf is told what the monitor has said of a connection.
func (s *socket) heardOf(c actor.Context, endpoint string, isUp bool) {
	h := s.following.hops[endpoint]
	switch {
	case h == nil || h.state == lost:
	case isUp:
		h.state = up
	default:
		s.lose(c, h)
	}
}

// targetsOf compares who has bound a name with the connections that there are.
func (s *socket) targetsOf(c actor.Context, name string, all []Target) {
	s.mu.Lock()
	s.event(&Resolved{Name: name, Targets: all})
	s.mu.Unlock()
	f := &s.following
	stands := map[string]bool{}
	for _, t := range all {
		stands[t.Endpoint] = true
	}
	for endpoint, h := range f.hops {
		if stands[endpoint] {
			continue
		}
		if delete(h.by, name); len(h.by) == 0 && h.name == name && (h.state != up || h.superseded(all)) {
			s.drop(c, h)
		}
	}
	for _, t := range all {
		if why := refuseEndpoint(t.Endpoint, false, s.cfg.Type); why != "" {
			s.system.Logger().Warn("sockeye: a name's address is of no use", "name", name, "endpoint", t.Endpoint, "why", why)
			continue
		}
		s.stand(c, name, t)
	}
}

// superseded reports whether there is a later owner: what this one still takes it will not answer.
func (h *hop) superseded(all []Target) bool {
	return h.target.Owned && slices.ContainsFunc(all, func(t Target) bool { return t.Owned && t.Token > h.target.Token })
}

// stand makes a connection of a record, unless there is one.
func (s *socket) stand(c actor.Context, name string, t Target) {
	f := &s.following
	h := f.hops[t.Endpoint]
	if h == nil {
		h = &hop{by: map[string]bool{}, target: t}
		f.hops[t.Endpoint] = h
	}
	h.by[name] = true
	before := h.target
	h.target, h.name = t, name
	switch {
	case t.ServerKey != before.ServerKey && h.state != lost: // somebody else is there
		s.hangUp(c, h)
		s.dial(c, h)
	case h.state == lost && !h.held && (h.cancel == nil || t.ID != before.ID):
		s.dial(c, h)
	case t.Instance != before.Instance: // its end, of which we shall hear, is older than this
		h.moved = time.Now()
	}
}

// dial has the thread connect.
func (s *socket) dial(c actor.Context, h *hop) {
	s.box.rest(h)
	if s.following.settling != nil {
		h.state, h.held = lost, true
		return
	}
	h.held = false
	h.state, h.since, h.moved = dialing, time.Now(), time.Time{}
	s.mu.Lock()
	if s.following.heard == nil {
		s.following.heard = map[string]bool{}
	}
	s.following.heard[h.target.Endpoint] = false
	delete(s.following.changed, h.target.Endpoint)
	s.mu.Unlock()
	s.wakeAt(h.since.Add(dialPatience))
	d := call{h.target, s.desired.option}
	c.Request(s.thread.PID(), &zmqthread.Do{Command: zmqthread.Dial, Argument: h.target.Endpoint, Set: d.set, Reset: d.reset})
}

// hangUp has the thread forget a connection, which has ended or is about to.
func (s *socket) hangUp(c actor.Context, h *hop) {
	s.mu.Lock()
	delete(s.following.heard, h.target.Endpoint)
	delete(s.following.changed, h.target.Endpoint)
	s.mu.Unlock()
	do := &zmqthread.Do{Command: zmqthread.HangUp, Argument: h.target.Endpoint}
	if s.only(h) {
		do.Set = func(*zmq.Socket) error { s.orphaned(); return nil }
		s.following.settling = do
	}
	c.Request(s.thread.PID(), do)
}

// only reports whether nothing can be on the wire to anybody but h.
func (s *socket) only(h *hop) bool {
	for _, other := range s.following.hops {
		if other != h && other.state != lost {
			return false
		}
	}
	return len(s.desired.bind) == 0 && len(unnamed(s.desired.connect)) == 0
}

// orphaned settles the requests that have gone down with the last connection: with ZMQ_IMMEDIATE libzmq keeps
// none for the next. Whoever asked is told, or they are sent again (Config.Retry). Runs on the ZeroMQ thread.
func (b *box) orphaned() {
	p, ok := b.pattern.(interface{ orphaned(*box) })
	if !ok {
		return
	}
	b.sending.Lock()
	p.orphaned(b)
	b.sending.Unlock()
	b.kick()
}

// lose is for a connection that has ended, or could not be made. If its record stands it is made again, once
// the binder has shown that it lives.
func (s *socket) lose(c actor.Context, h *hop) {
	s.hangUp(c, h)
	h.state = lost
	if len(h.by) == 0 {
		s.drop(c, h)
		return
	}
	if time.Since(h.moved) < dialPatience {
		s.dial(c, h)
		return
	}
	t := h.target
	h.cancel = func() {} // Confirm may panic
	h.cancel = s.resolver().Confirm(t, func() { s.confirmed(t) })
}

// drop ends a connection for good.
func (s *socket) drop(c actor.Context, h *hop) {
	if h.state != lost {
		s.hangUp(c, h)
	}
	s.box.rest(h)
	delete(s.following.hops, h.target.Endpoint)
}

// rest has nobody wait for a sign of life any more.
func (b *box) rest(h *hop) {
	if h.cancel != nil {
		b.careful(h.cancel)
		h.cancel = nil
	}
}

// overdue gives up connections that nobody has said anything of.
func (s *socket) overdue(c actor.Context) {
	for _, h := range s.following.hops {
		if h.state != dialing {
			continue
		}
		if due := h.since.Add(dialPatience); time.Now().Before(due) {
			s.wakeAt(due)
		} else {
			s.lose(c, h)
		}
	}
}

// dialed is the thread's answer.
func (s *socket) dialed(c actor.Context, m *zmqthread.Did) {
	if f := &s.following; m.Do == f.settling {
		f.settling = nil
		for _, h := range f.hops {
			if h.held {
				s.dial(c, h)
			}
		}
	}
	if m.Err == nil {
		return
	}
	s.system.Logger().Warn("sockeye: cannot connect", "socket", s.self, "error", m.Err)
	if h := s.following.hops[m.Do.Argument]; m.Do.Command == zmqthread.Dial && h != nil && h.state == dialing {
		s.lose(c, h)
	}
}

// reconnect is for a new native socket, which has no connections.
func (s *socket) reconnect(c actor.Context) {
	s.mu.Lock()
	s.following.heard, s.following.changed = nil, nil
	s.mu.Unlock()
	s.following.settling = nil
	for _, h := range s.following.hops {
		h.state = lost
		if len(h.by) == 0 {
			s.drop(c, h)
			continue
		}
		s.dial(c, h)
	}
}
