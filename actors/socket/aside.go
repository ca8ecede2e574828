package socket

import (
	"syscall"
	"time"

	"github.com/sockeye-mq/sockeye/messages"
)

// asides are messages of a REP, ROUTER or STREAM for peers whose queues in libzmq are full: set
// aside, by peer and in order, so that the others go on (facts Z15). They still count as queued.
// Guarded by box.sending.
type asides struct {
	byPeer map[string]*aside
	retry  []*aside  // to be tried in this turn
	began  time.Time // this round of tries
	next   time.Time // when they are tried again
}

// aside is what waits for one peer.
type aside struct {
	queue
	peer  string
	at    []uint64  // the position in the accepted stream of each
	since time.Time // nothing was taken since then
}

// libzmq does not say which peer of several has room again. So some of the mute are tried now and
// then: that takes at most one part in ten of the thread's time.
const (
	asideTries = 16
	asideShare = 10
)

// addressed reports whether each message is for one peer, by its first frame. It is not so for an
// adopted REP, which is a native one.
func (b *box) addressed() bool {
	return b.service != nil && !(b.cfg.Type == Rep && b.cfg.adopted())
}

// peer is the identity that the next message goes to.
func (q *queue) peer() string {
	c := q.chunks[0]
	if c.large != nil {
		return string(c.large[0])
	}
	return string(c.batch.Data[c.byte : c.byte+int(c.batch.Lens[c.frame]&^messages.More)])
}

// again has some of the mute peers tried in this turn, if it is time.
func (s *asides) again() {
	if s.retry = nil; len(s.byPeer) == 0 {
		return
	}
	if s.began = time.Now(); s.began.Before(s.next) {
		return
	}
	for _, a := range s.byPeer { // in another order each time
		if s.retry = append(s.retry, a); len(s.retry) == asideTries {
			return
		}
	}
}

// pick says what to send next: what was set aside and is to be tried again, or what is next in the
// queue for a peer that is not mute.
func (b *box) pick() *queue {
	s := &b.asides
	for b.aside = nil; len(s.retry) > 0; s.retry = s.retry[1:] {
		if a := s.retry[0]; a.count > 0 { // and was not dropped meanwhile
			b.aside = a
			return &a.queue
		}
		if len(s.retry) == 1 {
			s.tried()
		}
	}
	for b.next() {
		if len(s.byPeer) == 0 || s.byPeer[b.out.peer()] == nil {
			return b.out
		}
		b.setAside()
	}
	return nil
}

// setAside puts the next message behind what waits for its peer already.
func (b *box) setAside() {
	s, peer := &b.asides, b.out.peer()
	a := s.byPeer[peer]
	if a == nil {
		a = &aside{peer: peer, since: time.Now()}
		s.byPeer[peer] = a
	}
	m, o, n := b.out.pop()
	a.pushLoose(m.Frames, n, o)
	b.mu.Lock()
	b.passed++
	b.apart++
	a.at = append(a.at, b.passed)
	b.barrier = s.oldest()
	b.mu.Unlock()
}

// oldest is the first position that is set aside, 0 if none is.
func (s *asides) oldest() (at uint64) {
	for _, a := range s.byPeer {
		if at == 0 || a.at[0] < at {
			at = a.at[0]
		}
	}
	return at
}

// less notes that the first n messages of a have left. Caller holds mu.
func (b *box) less(a *aside, n int) {
	s := &b.asides
	a.at = a.at[n:]
	if len(a.at) == 0 {
		delete(s.byPeer, a.peer)
	}
	b.apart -= n
	b.barrier = s.oldest()
}

// Full implements zmqthread.Port.
func (b *box) Full() (others bool) {
	if !b.addressed() {
		return false
	}
	a := b.aside
	switch {
	case a == nil:
		b.setAside()
	case b.cfg.MuteTimeout > 0 && time.Since(a.since) > b.cfg.MuteTimeout:
		b.discard(mute, messages.Reason_FULL, syscall.EAGAIN, "its peer has taken nothing for "+b.cfg.MuteTimeout.String())
	default:
		if s := &b.asides; len(s.retry) == 1 {
			s.tried()
		}
		b.asides.retry = b.asides.retry[1:]
	}
	return true
}

// tried ends a round: the next has to wait the longer the more this one has cost.
func (s *asides) tried() {
	now := time.Now()
	s.next = now.Add((asideShare - 1) * now.Sub(s.began))
}

// dropAside drops the oldest message that was set aside and says whose it was. Caller holds sending
// and mu.
func (b *box) dropAside() (*origin, int) {
	for _, a := range b.asides.byPeer {
		if a.at[0] == b.barrier {
			o, n := a.drop()
			b.less(a, 1)
			return o, n
		}
	}
	return nil, 0
}
