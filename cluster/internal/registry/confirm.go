package registry

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// sight finds out whether a lease is being renewed, from what is left of it. etcd tells that in whole seconds,
// rounded towards zero, so that 0 may be less than nothing. After a change of leader every lease has more left
// than before: so only what one leader says is compared.
type sight struct {
	term  uint64
	until int64 // when the lease ends at the latest if it has not been renewed since the first look; 0 before that
}

// saw takes what was left of a lease, ttl in seconds, when that was asked for and answered on the clock of now,
// and says whether the lease was renewed after the first call.
func (s *sight) saw(sent, received int64, term uint64, ttl int64) bool {
	latest := received + (ttl+1)*int64(time.Second)
	if s.until == 0 || s.term != term {
		s.term, s.until = term, latest
		return false
	}
	s.until = min(s.until, latest)
	return ttl > 0 && sent+ttl*int64(time.Second) > s.until
}

// sight looks at a lease once.
func (r *Registry) sight(ctx context.Context, s *sight, lease int64) (alive bool, err error) {
	sent := now()
	got, err := r.client.TimeToLive(ctx, clientv3.LeaseID(lease))
	if err != nil && !leaseNotFound(err) {
		return false, err
	}
	return err == nil && s.saw(sent, now(), got.RaftTerm, got.TTL), nil
}

// poll looks at a lease for as long as somebody waits for a sign of life.
type poll struct {
	waiting []*waiter // guarded by the Registry's mu
}

// waiter is one call of Confirm.
type waiter struct {
	entry Entry
	sight sight // owned by the poll's goroutine
	alive func()
}

// Confirm calls alive once, when a renewal of the lease of e has been seen that is newer than this call, and
// the record still stood after that. When the record goes first, or is another one, alive is never called. etcd
// tells what is left of a lease in whole seconds, so a living member is seen after 1 to 2 s. cancel
// waits for nothing.
func (r *Registry) Confirm(e Entry, alive func()) (cancel func()) {
	w := &waiter{entry: e, alive: alive}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left || e.Lease == 0 {
		return func() {}
	}
	p := r.polls[e.Lease]
	if p == nil {
		p = &poll{}
		r.polls[e.Lease] = p
		r.done.Add(1)
		go r.poll(e.Lease, p)
	}
	p.waiting = append(p.waiting, w)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		p.drop(w)
	}
}

// drop ends the waiting of w, and says whether it was waiting. Guarded by the Registry's mu.
func (p *poll) drop(w *waiter) bool {
	for i, other := range p.waiting {
		if other == w {
			// Not in place: the poll goes through the old one.
			p.waiting = append(append([]*waiter{}, p.waiting[:i]...), p.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// poll is a goroutine.
func (r *Registry) poll(lease int64, p *poll) {
	defer r.done.Done()
	for {
		r.mu.Lock()
		waiting := p.waiting
		if len(waiting) == 0 || r.left {
			delete(r.polls, lease)
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		if r.pollOnce(lease, waiting) {
			r.mu.Lock()
			p.waiting = nil
			r.mu.Unlock()
			continue
		}
		r.confirm(p, waiting)
		sleep(r.ctx, jittered(r.cfg.TTL/10))
	}
}

// pollOnce looks at the lease for all that wait, and says whether it is gone.
func (r *Registry) pollOnce(lease int64, waiting []*waiter) (gone bool) {
	ctx, cancel := context.WithTimeout(r.ctx, readTimeout)
	defer cancel()
	sent := now()
	got, err := r.client.TimeToLive(ctx, clientv3.LeaseID(lease))
	if leaseNotFound(err) || err == nil && got.TTL < 0 {
		return true
	}
	if err != nil {
		r.reconnect()
		return false
	}
	received := now()
	for _, w := range waiting {
		if w.alive != nil && w.sight.saw(sent, received, got.RaftTerm, got.TTL) {
			w.sight.term = seen
		}
	}
	return false
}

// seen stands in the place of a term when a lease was seen to be renewed.
const seen = ^uint64(0)

// confirm reads the records of those whose lease was seen, and calls those whose record still stands.
func (r *Registry) confirm(p *poll, waiting []*waiter) {
	for _, w := range waiting {
		if w.sight.term != seen {
			continue
		}
		ctx, cancel := context.WithTimeout(r.ctx, readTimeout)
		got, err := r.client.Get(ctx, w.entry.Key, clientv3.WithKeysOnly())
		cancel()
		if err != nil {
			return // the lease is looked at again
		}
		stands := len(got.Kvs) > 0 && got.Kvs[0].ModRevision == w.entry.Revision
		r.mu.Lock()
		if p.drop(w) && stands {
			go w.alive()
		}
		r.mu.Unlock()
	}
}
