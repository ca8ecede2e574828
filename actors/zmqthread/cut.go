package zmqthread

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
	"github.com/sockeye-mq/sockeye/messages"
)

// Cut ends connections of tcp and ipc that were accepted on bound endpoints, as if their peers had hung
// up. Peers of ZeroMQ's connect again by themselves. libzmq has no call for it. Connections that the
// socket made itself are left alone.
//
// Sent to a poll actor it is for that thread, and answered with WasCut; Thread.Cut is for all threads of
// a ZeroMQ context.
//
// libzmq may tell of a connection a moment after it has begun. So one that comes to light within the
// next 50 ms is cut as well, and not counted.
type Cut struct {
	// Owner is whose connections. nil: those of every socket whose peers are authenticated by ZAP
	// (RFC 27) in Domain, adopted ones excepted, which are in a context of their own.
	Owner  *actor.PID
	Domain string

	// Whom picks the peers. An IPv4 address is an IPv4 one, whatever it came over, and none has a zone.
	// A peer without an address, over ipc, is the zero Addr. nil: all of them. It runs on the ZeroMQ
	// thread and must not block.
	Whom func(peer netip.Addr) bool
}

// WasCut says what a Cut has done.
type WasCut struct {
	Connections int          // that have been cut
	Failed      int          // that were over already, or that cannot be cut: none can but on Linux
	Blind       []*actor.PID // whose connections are not known, for the socket has no monitor
}

// met is a connection that has begun. Owned by the thread, but for what sever does.
type met struct {
	native.Connection
	peer     netip.Addr
	accepted bool
}

// unwanted are connections that are cut as soon as they are told of. Owned by the thread.
type unwanted struct {
	whom  func(netip.Addr) bool
	until time.Time
}

const (
	lateness    = 50 * time.Millisecond // of the event of a connection that has been accepted
	maxUnwanted = 64                    // cuts in force at once on a socket; beyond that the newest take in more peers
)

// Cut carries out c on every thread in t's ZeroMQ context. When it returns nil, the connections are cut;
// their sockets' Disconnected events are still to come. c.Owner must be on one of these threads.
func (t *Thread) Cut(ctx context.Context, c Cut) (all WasCut, err error) {
	for _, x := range t.context.peopled() {
		answer, e := messages.Call(ctx, x.system.Root, x.pid, &c)
		var dead *messages.Dead
		switch a, ok := answer.(WasCut); {
		case errors.As(e, &dead): // it was shut down meanwhile, and its sockets closed
		case e != nil:
			err = errors.Join(err, fmt.Errorf("cut connections on thread %s: %w", x.pid.Id, e))
		case ok:
			all.Connections += a.Connections
			all.Failed += a.Failed
			all.Blind = append(all.Blind, a.Blind...)
		}
	}
	return all, err
}

// cut carries out m on this thread.
func (p *poller) cut(c actor.Context, m *Cut) {
	var done WasCut
	for id, o := range p.owners {
		l := o.link
		if l == nil || l.place.gone || (m.Owner != nil && m.Owner.Id != id) || (m.Owner == nil && !l.asksZAP(m.Domain)) {
			continue
		}
		if l.monitor != nil {
			l.monitor.cutAccepted(m.whom, &done)
		} else if l.listens() {
			done.Blind = append(done.Blind, o.pid)
		}
	}
	if c.Sender() != nil {
		c.Respond(done)
	}
}

// whom is Whom for everybody, and does not panic.
func (m *Cut) whom(peer netip.Addr) (yes bool) {
	if m.Whom == nil {
		return true
	}
	err := guarded(func() error {
		yes = m.Whom(peer)
		return nil
	})
	return yes || err != nil
}

// asksZAP reports whether l's peers are authenticated in a domain. A NULL socket without a domain never
// asks (RFC 27, zmq_setsockopt(3)). What cannot be read counts as a yes.
func (l *Link) asksZAP(domain string) bool {
	if l.adopted {
		return false
	}
	is, err := l.socket.Raw().GetZapDomain()
	if err != nil {
		return true
	}
	if is != domain || is != "" {
		return is == domain
	}
	mechanism, err := l.socket.Raw().GetMechanism()
	return err != nil || mechanism != zmq.NULL
}

// listens reports whether a connection may have been accepted.
func (l *Link) listens() bool {
	for _, at := range l.bound {
		if !strings.HasPrefix(at, "inproc://") {
			return true
		}
	}
	return l.adopted
}

// cutAccepted cuts the connections that were accepted from these peers. It first reads what libzmq has to
// tell of them.
func (m *monitor) cutAccepted(whom func(netip.Addr) bool, done *WasCut) {
	for range 1 << 10 {
		if m.read() != 0 {
			break
		}
	}
	m.link.thread.table.enqueue(m) // there may be more, and its descriptor says so only once (facts Z3)
	m.mu.Lock()
	for _, c := range m.live {
		switch {
		case !c.accepted || !whom(c.peer):
		case c.Cut():
			done.Connections++
		default:
			done.Failed++
		}
	}
	m.mu.Unlock()
	m.expire()
	if len(m.unwanted) >= maxUnwanted {
		m.unwanted[maxUnwanted-1] = unwanted{func(netip.Addr) bool { return true }, time.Now().Add(lateness)}
		return
	}
	m.unwanted = append(m.unwanted, unwanted{whom, time.Now().Add(lateness)})
}

// late cuts a connection that libzmq tells of only now, if it is unwanted.
func (m *monitor) late(fd uint32) {
	if m.expire(); len(m.unwanted) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.live[fd]
	for _, u := range m.unwanted {
		if ok && c.accepted && u.whom(c.peer) {
			c.Cut()
			return
		}
	}
}

// expire forgets the cuts that are no longer in force.
func (m *monitor) expire() {
	if len(m.unwanted) == 0 {
		return
	}
	now, kept := time.Now(), m.unwanted[:0]
	for _, u := range m.unwanted {
		if now.Before(u.until) {
			kept = append(kept, u)
		}
	}
	clear(m.unwanted[len(kept):])
	m.unwanted = kept
}

// addrOf is the IP address in an endpoint over tcp, the zero Addr where there is none.
func addrOf(endpoint string) netip.Addr {
	at, err := netip.ParseAddrPort(strings.TrimPrefix(endpoint, "tcp://"))
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// enter notes that a thread has sockets in this context, exit that it has none any more.
func (s *sharedContext) enter(t *Thread) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.threads == nil {
		s.threads = map[*Thread]bool{}
	}
	s.threads[t] = true
}

func (s *sharedContext) exit(t *Thread) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.threads, t)
}

// peopled are the threads that may have sockets.
func (s *sharedContext) peopled() (all []*Thread) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.threads {
		all = append(all, t)
	}
	return all
}
