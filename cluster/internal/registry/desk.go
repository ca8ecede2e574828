package registry

import "slices"

// key is one that this member wants to stand, or to be gone. All of it is guarded by the Registry's mu.
type key struct {
	at    string // the key in etcd
	value []byte
	want  bool // it should stand
	under *key // its claim: it may be put only while that stands with its revision
	only  bool // it is the only one of its kind: where another's stands, that is waited for

	rev   int64  // its create revision while it stands as far as is known
	stale bool   // it stands with another value
	ask   bool   // it stands, and the question is whether it is first
	path  string // the prefix in which it wants to be first

	// A record, or an owner's mark: nobody else looks after it.
	minded   bool
	topic    *topic // its watch, from when it first stood or was refused
	listener listener
	blocked  int64 // for an owner's mark: another's stands there, put at this revision

	queued  bool
	tried   bool          // it was in a transaction under the lease as it is
	settled func(outcome) // told under mu, while it is wanted
	gone    chan struct{} // closed when it is not wanted, and gone
}

// outcome is what has become of a key.
type outcome struct {
	err   error // a *NotOwnerError, or that the Registry has left
	first kv    // the first under path, if that was asked
	gone  bool  // it does not stand any more
	taken bool  // another's stands at its place, which is waited for
	young bool
	base  base
}

// desk has the keys that are to be written. Its fields are guarded by the Registry's mu.
type desk struct {
	wake  chan struct{}
	queue []*key            // each once
	all   map[*key]struct{} // those that are wanted, and those that are not yet gone
}

// put has k written: now if k is new, again if it has changed. Guarded by mu.
func (d *desk) put(k *key) {
	d.all[k] = struct{}{}
	if !k.queued {
		k.queued = true
		d.queue = append(d.queue, k)
	}
	wake(d.wake)
}

// putBack has keys written first that were to be: what goes before what stays so. Guarded by mu.
func (d *desk) putBack(batch []*key) {
	again := make([]*key, 0, len(batch)+len(d.queue))
	for _, k := range append(batch, d.queue...) {
		if _, ok := d.all[k]; ok && !slices.Contains(again[:min(len(again), len(batch))], k) {
			k.queued = true
			again = append(again, k)
		}
	}
	d.queue = again
	wake(d.wake)
}

// discard has a key gone, which is not wanted any more; when it is, k.gone is closed. What was never tried needs no
// transaction: with etcd away nothing piles up. Guarded by mu.
func (d *desk) discard(k *key) {
	k.want, k.ask, k.settled = false, false, nil
	if k.gone = make(chan struct{}); k.tried {
		d.put(k)
		return
	}
	if k.queued {
		d.queue = slices.DeleteFunc(d.queue, func(other *key) bool { return other == k })
		k.queued = false
	}
	d.finish(k, outcome{gone: true})
}

// lost has every key gone with its lease. Guarded by mu.
func (d *desk) lost() {
	for k := range d.all {
		k.rev, k.ask, k.stale, k.tried = 0, false, false, false
		if !k.want {
			d.finish(k, outcome{gone: true})
		}
	}
}

// again has every key put. Guarded by mu.
func (d *desk) again() {
	for k := range d.all {
		d.put(k)
	}
	wake(d.wake) // for the member's record
}

// finish tells what has become of a key; one that is not wanted is forgotten. Guarded by mu.
func (d *desk) finish(k *key, o outcome) {
	if !k.want {
		d.forget(k)
	} else if k.settled != nil {
		k.settled(o)
	}
}

func (d *desk) forget(k *key) {
	if _, ok := d.all[k]; ok {
		delete(d.all, k)
		close(k.gone)
	}
}

// abandon tells everybody who waits that nothing is written any more. Guarded by mu.
func (d *desk) abandon(err error) {
	for k := range d.all {
		if !k.want {
			d.forget(k)
		} else if k.settled != nil {
			k.settled(outcome{err: err})
		}
	}
	d.queue = nil
}

// take returns what to write next, under which lease; nothing while there is no lease. Guarded by mu.
func (d *desk) take() (batch []*key) {
	batch = slices.Clone(d.queue[:min(maxBatch, len(d.queue))])
	d.queue = slices.Delete(d.queue, 0, len(batch))
	for _, k := range batch {
		k.queued = false
	}
	return batch
}
