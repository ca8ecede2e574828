package wire

import "time"

// flags of a beat beside flagResend.
const (
	flagHurry = 2 // answer at once
	flagPlain = 4 // nothing
)

// beat is a sign of life: what was sent, what was received. Caller holds mu.
func (p *peer) beat(flags uint32) []byte {
	h := p.header(kindBeat)
	h.first, h.count = p.out.posted, flags
	return h.frame()
}

// run gives signs of life, twice in a heartbeat.
func (w *Wire) run() {
	defer close(w.ended)
	tick := time.NewTicker(w.cfg.Heartbeat / 2)
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
		}
		for _, p := range w.all() {
			w.careful("looking after a peer", p.tick)
		}
	}
}

// forgetAfter is how long a dead peer is remembered that nobody has sent anything to. Without that it would
// be connected to for ever.
const forgetAfter = 10 * time.Minute

// tick says hello, or that this system is alive, and looks after the connection.
func (p *peer) tick() {
	p.mu.Lock()
	if p.needed {
		p.used, p.needed = time.Now(), false
	}
	isUp, idle := p.state == up, p.state == down && (time.Since(p.used) > forgetAfter || p.their.session == 0 && p.used.IsZero())
	var beat []byte
	if isUp {
		beat = p.beat(0)
	}
	if o := &p.out; len(o.offers) > 0 && p.line.connected {
		if o.stuck++; o.stuck > 8 { // an answer was lost with an incarnation of the socket
			o.taken, o.offers, o.stuck = o.handed, nil, 0
		}
	}
	p.mu.Unlock()
	switch {
	case idle:
		p.w.forget(p)
		return
	case isUp:
		p.control(beat)
	default:
		p.relocate()
		p.greet(nil)
	}
	p.flush()
}

// all are the peers.
func (w *Wire) all() (all []*peer) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, p := range w.peers {
		all = append(all, p)
	}
	return all
}

// forget drops a dead peer. Whoever sends to it next makes its acquaintance anew.
func (w *Wire) forget(p *peer) {
	w.mu.Lock()
	p.mu.Lock()
	if p.state != down {
		p.mu.Unlock()
		w.mu.Unlock()
		return
	}
	p.vanish()
	delete(w.peers, p.address)
	delete(w.tokens, p.token)
	w.past.merge(&p.books)
	push := p.line.push
	p.mu.Unlock()
	w.mu.Unlock()
	w.root.Stop(push)
	w.system.ProcessRegistry.Remove(p.mail)
}
