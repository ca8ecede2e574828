package wire

import (
	"crypto/subtle"
	"errors"
	"time"
)

// How a session begins. Each side has a token for the other that never changes, and a number for the session
// that changes whenever it ends one. A says hello with both. B, which cannot know who that was, says hello to
// where A is, with A's token as the proof: A knows now that this is B, for it has sent the token there only.
// A says hello again with B's token as the proof, and B's number, and is in the session when it has heard its
// own number from B. What comes with another number is of a session that is over.

// header is the header of a frame that goes out now. Caller holds mu.
func (p *peer) header(kind byte) header {
	p.in.told, p.in.owed = p.in.progress.Load(), 0
	return header{kind: kind, token: p.their.token, session: p.session, yours: p.their.session, ack: p.in.told}
}

// greet says hello. proof is what a stranger has just claimed to be its token; nil: what is known.
func (p *peer) greet(proof *token) {
	p.mu.Lock()
	h := &hello{proof: p.their.token, token: p.token, session: p.session, yours: p.their.session, incarnation: p.w.incarnation,
		most: p.w.cfg.MaxMessage, messages: p.w.cfg.Window.Messages, bytes: int64(p.w.cfg.Window.Bytes), up: p.state == up,
		from: p.w.address, to: p.address}
	if proof != nil {
		p.in.claimed = *proof
	}
	if p.their.session == 0 || proof != nil && *proof != p.their.token {
		h.proof, h.yours, h.up = p.in.claimed, 0, false
	}
	p.mu.Unlock()
	p.control(h.frame())
}

// hello takes a hello from somebody who says that it is p.
func (p *peer) hello(h *hello) {
	if subtle.ConstantTimeCompare(h.proof[:], p.token[:]) != 1 {
		p.relocate() // it may have been started anew, elsewhere
		p.greet(&h.token)
		return
	}
	p.mu.Lock()
	now := time.Now()
	if p.state == gone || now.Before(p.shunned) {
		p.mu.Unlock()
		return
	}
	answer := h.session != p.their.session || h.yours != p.session || h.token != p.their.token
	if h.session != p.their.session {
		p.next(h)
	}
	p.heard = now
	if h.yours == p.session && p.state != up {
		p.establish()
		answer = true
	}
	answer = answer || !h.up
	p.mu.Unlock()
	if answer {
		p.greet(nil)
	}
	p.flush()
}

// next ends the session that there was, if there was one, and notes who is there now. Caller holds mu.
func (p *peer) next(h *hello) {
	if p.their.session != 0 {
		cause := Severed
		if h.incarnation != p.their.incarnation {
			cause = Restarted
		}
		if p.state != down {
			p.end(cause, connecting)
		}
	}
	window := p.w.cfg.Window // what is not confirmed is kept here: a peer that never confirms cannot have more of it kept
	p.their = their{h.token, h.session, h.incarnation, h.most, min(h.messages, window.Messages), min(h.bytes, int64(window.Bytes))}
}

// establish begins the session. Caller holds mu.
func (p *peer) establish() {
	if p.state == down {
		p.arm(2 * p.w.cfg.Heartbeat)
	}
	p.state, p.fallen = up, nil
	e := &PeerUp{p.address, p.their.incarnation}
	weeds := p.out.weed(p.their.most)
	for _, f := range weeds {
		p.books.dead += uint64(f.count)
	}
	p.later(func() {
		p.w.publish(e)
		p.w.deadLetters(p.address, weeds, func(uint64) (Reason, error) { return TooLarge, nil })
	})
}

// estate is what a session leaves behind.
type estate struct {
	down        *PeerDown
	watching    map[bond]struct{} // who watched there
	watched     map[bond]struct{} // who was watched from there
	frames      []*frame
	acked, sent uint64
	ours        bool // it was ended because this Wire is shut down
	address     string
}

// end ends the session, or the wait for one: what is to be told is told by another goroutine. Caller holds mu.
func (p *peer) end(cause Cause, then state) {
	o := &p.out
	e := &estate{address: p.address, ours: cause == Shutdown, watching: p.watching, watched: p.watched,
		frames: o.frames, acked: o.acked, sent: o.sent}
	e.down = &PeerDown{Address: p.address, Incarnation: p.their.incarnation, Cause: cause}
	if cause == Silent {
		e.down.Err = p.line.err
	}
	p.books.unconfirmed += o.sent - o.acked
	p.books.dead += o.total - o.sent
	p.watching, p.watched = map[bond]struct{}{}, map[bond]struct{}{}
	p.fallen, p.session = e.down, number()
	if then == gone {
		p.fallen = nil
	}
	wasUp := p.state == up
	p.state = then
	o.reset()
	p.in.reset()
	if cause == Violated {
		p.shunned = time.Now().Add(2 * p.w.cfg.Heartbeat)
	}
	waiting := p.w.waiting.of(p)
	p.later(func() { p.w.bury(e, waiting, wasUp || cause == Silent) })
}

var errShunned = errors.New("it is not listened to for a while")

// violate ends a session with a peer that has broken the protocol.
func (p *peer) violate(session uint64, err error) {
	p.w.complain(p.address, "breaks the protocol", err)
	p.mu.Lock()
	if p.session == session && p.state == up {
		p.line.err = err
		p.end(Violated, down)
		p.fallen.Err = errors.Join(err, errShunned)
	}
	p.mu.Unlock()
}
