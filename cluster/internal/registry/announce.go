package registry

import (
	"context"
	"fmt"
)

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
	c.r.discard(k)
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
	k := &key{at: r.nextKey(path), path: path, value: encode(rec), want: true, under: c.key, minded: true}
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
