package wire

import "time"

// deliver gives what has been received to mailboxes, on a goroutine of the peer's own, for that may run
// users' code: a mailbox, a subscriber to dead letters. Whoever blocks there, blocks what comes from this peer. It
// stays until the peer is gone: a new goroutine for each parcel would have to grow its stack each time.
func (p *peer) deliver() {
	for range p.wake {
		p.deliverAll()
		p.mu.Lock()
		over := p.state == gone && len(p.in.parcels) == 0
		p.mu.Unlock()
		if over {
			return
		}
	}
}

// wakeUp has deliver look.
func (p *peer) wakeUp() {
	select {
	case p.wake <- struct{}{}:
	default: // it will
	}
}

func (p *peer) deliverAll() {
	for {
		p.mu.Lock()
		in := &p.in
		if len(in.parcels) == 0 {
			in.running = false
			p.settleSoon()
			p.mu.Unlock()
			return
		}
		next := in.parcels[0]
		in.parcels[0] = parcel{}
		in.parcels = in.parcels[1:]
		p.mu.Unlock()
		tally := p.deliverParcel(&next)
		next.lease.release()
		p.mu.Lock()
		in.messages -= next.count
		in.bytes -= len(next.items)
		tally.add(&p.books)
		in.owed += len(next.items)
		var beat []byte
		window := p.w.cfg.Window
		if p.state == up && (in.progress.Load()-in.told > uint64(window.Messages/8) || in.owed > window.Bytes/8) {
			beat = p.beat(0)
		}
		p.mu.Unlock()
		if beat != nil {
			p.control(beat)
		}
	}
}

// settleAfter is how long an answer may take that confirms beside what else it says.
const settleAfter = 10 * time.Millisecond

// settleSoon has the peer told, if nothing else tells it, that everything was delivered. Caller holds mu.
func (p *peer) settleSoon() {
	if in := &p.in; p.state == up && !in.settling && in.progress.Load() > in.told {
		in.settling = true
		time.AfterFunc(settleAfter, p.settle)
	}
}

func (p *peer) settle() {
	p.mu.Lock()
	in := &p.in
	in.settling = false
	var beat []byte
	if p.state == up && in.progress.Load() > in.told {
		beat = p.beat(0)
	}
	p.mu.Unlock()
	if beat != nil {
		p.control(beat)
	}
}
