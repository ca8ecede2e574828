package registry

import "path"

// look finds out where the claim stands. Guarded by mu.
func (c *Claim) look() {
	t := c.topic
	if t == nil || c.key.rev == 0 || !t.known || t.rev < c.key.rev || c.resigned || c.r.left {
		return
	}
	if own, ok := t.state[c.key.at]; !ok || own.create != c.key.rev {
		c.gone()
		return
	}
	first := t.first().key
	switch {
	case first == c.key.at && c.held.Load() == nil:
		if c.ripe = false; c.mark == nil || c.mark.rev != 0 { // else its mark is on its way, or waits for another's end
			c.ask()
		}
	case first != c.key.at && c.held.Load() != nil: // never in one history
		c.gone()
	}
}

// ask has the desk find out whether the claim is first. Guarded by mu.
func (c *Claim) ask() {
	if !c.key.ask {
		c.key.ask = true
		c.r.desk.put(c.key)
	}
}

// settled is told what has become of its key. Guarded by mu.
func (c *Claim) settled(o outcome) {
	switch {
	case c.resigned || o.err != nil:
	case o.gone:
		c.gone()
	case o.first.create == 0: // it was put, and is mostly the first: the watch would only know later
		c.ask()
	case o.first.create == c.key.rev:
		c.own(o)
	default: // as of then: the watch may know more by now, and was not listened to while this was asked
		c.look()
	}
}

// lookRipe has the claims looked at that waited for something else than their queue. Guarded by mu.
func (r *Registry) lookRipe() {
	for _, c := range r.claims {
		if c.ripe {
			c.look()
		}
	}
}

// own has the claim own, when the history is settled, the deadline is not over and its mark stands. Guarded by mu.
func (c *Claim) own(o outcome) {
	r, l := c.r, c.r.lease
	switch {
	case c.held.Load() != nil:
	case o.young || o.base.History == "" || o.base.History != r.history || r.unsettled() || l.lost || now() >= l.deadline.Load():
		c.ripe = true
	case c.mark == nil:
		c.sign()
	case c.mark.rev != 0:
		r.base = max(r.base, o.base.Base)
		c.held.Store(&holding{l, r.base + c.key.rev})
		c.teller.poke()
	}
}

// sign has the mark put of a claim that is first. Where that of another stands, its owner lives, and has not
// stopped yet: its claim's key was deleted by hand. Guarded by mu.
func (c *Claim) sign() {
	k := &key{at: c.r.mark(c.name), value: []byte(path.Base(c.key.at)), want: true, under: c.key, only: true, minded: true}
	k.settled = func(o outcome) {
		switch {
		case c.mark != k || c.resigned || o.err != nil || o.taken:
		case o.gone:
			c.gone()
		default:
			c.own(o)
		}
	}
	c.mark = k
	c.r.desk.put(k)
}

// unmark takes the mark back of a claim that does not hold any more. Guarded by mu.
func (c *Claim) unmark() {
	if k := c.mark; k != nil {
		c.mark = nil
		c.r.discard(k)
	}
}

// gone has the claim lost because its key is, and begin again. Guarded by mu.
func (c *Claim) gone() {
	if c.resigned || c.r.left { // who asked did not know yet
		return
	}
	c.lose(ErrClaimGone)
	c.key.rev, c.key.ask = 0, false
	c.r.desk.put(c.key)
	wake(c.r.kick) // is the lease gone, too?
}

// lose has the claim own no more. Guarded by mu.
func (c *Claim) lose(err error) {
	c.ripe = false
	if c.held.Swap(nil) != nil {
		c.err = err
		c.teller.poke()
	}
	c.unrecord()
	c.unmark()
}

// next is the call to make: what was owned is lost before something else is owned. Guarded by mu.
func (c *Claim) next(told func(Status)) func() {
	var s Status
	h := c.held.Load()
	switch {
	case c.told.Owning && (h == nil || h.token != c.told.Token):
		s = Status{Err: c.err}
	case !c.told.Owning && h != nil:
		s = Status{Owning: true, Token: h.token}
	default:
		return nil
	}
	c.told = s
	if told == nil {
		return func() {}
	}
	return func() { told(s) }
}
