package registry

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Status is what a claim is told.
type Status struct {
	Owning bool
	Token  int64 // the fencing token, with Owning: higher than that of every owner before
	Err    error // why it does not own any more, without Owning
}

// Claim is one member's claim of a name, until it is resigned.
type Claim struct {
	r    *Registry // immutable
	name string    // immutable

	held atomic.Pointer[holding] // stored under mu; nil when it does not own

	key      *key  // guarded by mu: its place in the queue
	record   *key  // guarded by mu: what it has announced
	last     *key  // guarded by mu: what it had announced before, and does not want any more
	ripe     bool  // guarded by mu: it is first, and waits for a renewal or for the history to settle
	resigned bool  // guarded by mu
	err      error // guarded by mu: why it does not own any more

	topic    *topic // guarded by mu
	listener listener
	teller   teller
	told     Status // guarded by mu
}

// holding is an ownership. Immutable.
type holding struct {
	lease *lease
	token int64
}

// Claim campaigns for name until it is resigned: a claim that was lost begins again at the end of the queue. told
// is told of every change between owning and not owning, one call at a time; of changes that were not told in time
// only the last state is. It fails with ErrClaimed, ErrObserver or ErrLeft, or when name is none.
func (r *Registry) Claim(name string, told func(Status)) (*Claim, error) {
	if err := CheckName(name); err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.cfg.Observer:
		return nil, fmt.Errorf("claim %s: %w", name, ErrObserver)
	case r.left:
		return nil, fmt.Errorf("claim %s: %w", name, ErrLeft)
	case r.claims[name] != nil:
		return nil, fmt.Errorf("claim %s: %w", name, ErrClaimed)
	}
	c := &Claim{r: r, name: name}
	path := r.candidates(name)
	c.key = &key{at: r.nextKey(path), path: path, want: true, settled: c.settled}
	c.teller = teller{mu: &r.mu, next: func() func() { return c.next(told) }}
	c.listener.changed = c.look
	r.claims[name] = c
	c.topic = r.listen(path, true, &c.listener)
	r.desk.put(c.key)
	return c, nil
}

// Holds says whether the name is owned here, and the local deadline lies ahead. Once it has said no because of
// the deadline, it may say yes again with the same token: the lease was resumed. It takes no lock and
// allocates nothing: about 70 ns.
func (c *Claim) Holds() bool {
	h := c.held.Load()
	if h == nil {
		return false
	}
	// The clock comes last: whoever is stopped in between has too late a time, not too late a deadline.
	deadline := h.lease.deadline.Load()
	return now() < deadline
}

// Token is the fencing token while the name is owned here, be it past the deadline, and 0 otherwise.
func (c *Claim) Token() int64 {
	if h := c.held.Load(); h != nil {
		return h.token
	}
	return 0
}

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
		c.ripe = false
		c.ask()
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

// own has the claim own, when the history is settled and the deadline is not over. Guarded by mu.
func (c *Claim) own(o outcome) {
	r, l := c.r, c.r.lease
	if o.young || o.base.History == "" || o.base.History != r.history || r.unsettled() || l.lost || now() >= l.deadline.Load() {
		c.ripe = true
		return
	}
	r.base = max(r.base, o.base.Base)
	c.held.Store(&holding{l, r.base + c.key.rev})
	c.teller.poke()
}

// gone has the claim lost because its key is, and begin again. Guarded by mu.
func (c *Claim) gone() {
	c.lose(ErrClaimGone)
	c.key.rev, c.key.ask = 0, false
	c.r.desk.put(c.key)
	wake(c.r.kick) // is the lease gone, too?
}

// lose has the claim own no more. Guarded by mu.
func (c *Claim) lose(err error) {
	c.ripe = false
	c.unrecord()
	if c.held.Swap(nil) != nil {
		c.err = err
		c.teller.poke()
	}
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

// unrecord takes the claim's record back, if there is one. Guarded by mu.
func (c *Claim) unrecord() {
	k := c.record
	if k == nil {
		return
	}
	c.record, c.last = nil, k
	if k.settled != nil { // whoever announced it
		k.settled(outcome{gone: true})
	}
	c.r.desk.discard(k)
}

// Announce has rec stand under the name for as long as the claim owns it, in the place of what it has announced
// before: it is put in a transaction in which the claim's key stands as it did when it became the owner. It fails with a
// *NotOwnerError when it does not, and with ErrUnavailable when etcd has not answered before ctx was over, or
// for 10 s where ctx has no deadline: then no record will stand. The record's Member and Token are set.
func (c *Claim) Announce(ctx context.Context, rec Record) error {
	ctx, cancel := patient(ctx)
	defer cancel()
	rec.Member, rec.Token = c.r.cfg.Member, 0
	if err := rec.check(); err != nil {
		return fmt.Errorf("announce %s: %w", c.name, err)
	}
	done := make(chan error, 1)
	r := c.r
	r.mu.Lock()
	h := c.held.Load()
	if h == nil || c.resigned {
		r.mu.Unlock()
		return fmt.Errorf("announce: %w", &NotOwnerError{c.name})
	}
	rec.Token = h.token
	c.unrecord()
	path := r.records(c.name)
	k := &key{at: r.nextKey(path), path: path, value: encode(rec), want: true, under: c.key}
	k.settled = func(o outcome) { done <- c.announced(k, o) }
	c.record = k
	r.desk.put(k)
	r.mu.Unlock()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case err := <-done: // just now
		return err
	default:
	}
	if c.record == k {
		c.unrecord()
	}
	return fmt.Errorf("announce %s: %w", c.name, unavailable(ctx.Err()))
}

// announced is what Announce returns for an outcome, which is told once. Guarded by mu.
func (c *Claim) announced(k *key, o outcome) error {
	k.settled = nil
	switch {
	case o.err != nil:
		return fmt.Errorf("announce %s: %w", c.name, o.err)
	case !o.gone:
		return nil
	}
	if c.record == k {
		c.unrecord()
	}
	return fmt.Errorf("announce: %w", &NotOwnerError{c.name})
}

// Withdraw takes back what was announced; the name stays claimed. When etcd has not answered before ctx is over, or
// for 10 s where ctx has no deadline, it fails with ErrUnavailable, and the record goes when etcd can be
// reached.
func (c *Claim) Withdraw(ctx context.Context) error {
	c.r.mu.Lock()
	c.unrecord()
	last := c.last
	c.r.mu.Unlock()
	return c.wait(ctx, "withdraw", last)
}

// Resign gives the claim up: it does not hold any more, then the record goes, then the claim's key, so that the
// next owner need not wait for the end of a lease. The claim is told nothing more. It fails as Withdraw
// does, and then the keys go when etcd can be reached, or with the lease.
func (c *Claim) Resign(ctx context.Context) error {
	r := c.r
	r.mu.Lock()
	if !c.resigned && !r.left {
		c.resigned, c.teller.stopped = true, true
		c.held.Store(nil)
		delete(r.claims, c.name)
		r.unlisten(c.topic, &c.listener)
		c.unrecord()
		r.desk.discard(c.key)
	}
	r.mu.Unlock()
	return c.wait(ctx, "resign", c.key)
}

// wait waits until a key is gone that is not wanted any more, be it with the member.
func (c *Claim) wait(ctx context.Context, verb string, k *key) error {
	if k == nil || k.gone == nil {
		return nil
	}
	ctx, cancel := patient(ctx)
	defer cancel()
	select {
	case <-k.gone:
		return nil
	default:
	}
	select {
	case <-k.gone:
		return nil
	case <-c.r.ctx.Done():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s %s: %w", verb, c.name, unavailable(ctx.Err()))
	}
}
