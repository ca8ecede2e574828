package registry

// mind has a key watched from the revision on at which it was found as at, if that is wanted: who deletes it by hand
// learns that it is put again. Guarded by mu.
func (r *Registry) mind(k *key, at kv, rev int64) {
	switch {
	case !k.minded:
	case k.topic == nil:
		k.listener.changed = func() { r.missing(k) }
		k.topic = r.listenKey(at, rev, &k.listener)
	default:
		r.missing(k) // the watch may know more by now, and was not listened to while this was asked
	}
}

// unmind ends that. Guarded by mu.
func (r *Registry) unmind(k *key) {
	if k.topic != nil {
		r.unlisten(k.topic, &k.listener)
		k.topic = nil
	}
	k.blocked = 0
}

// missing puts a key again that stood and is gone, and one for which the place is free now. With a lost lease
// the desk learns that. Guarded by mu.
func (r *Registry) missing(k *key) {
	t := k.topic
	if t == nil || !k.want || r.left {
		return
	}
	at, stands := t.state[k.at]
	switch {
	case k.rev != 0 && t.rev >= k.rev && (!stands || at.create != k.rev):
		k.rev, k.stale = 0, false
		r.desk.put(k)
	case k.blocked != 0 && t.rev >= k.blocked && !stands:
		k.blocked = 0
		r.desk.put(k)
	}
}

// discard has a key gone, and not put again. Guarded by mu.
func (r *Registry) discard(k *key) {
	r.unmind(k)
	r.desk.discard(k)
}

// mindMember has the member's own record watched. Guarded by mu.
func (r *Registry) mindMember() {
	var t *topic
	changed := func() {
		l := r.lease
		at, stands := t.state[r.member()]
		if l.fence != 0 && t.rev >= l.fence && (!stands || at.lease != int64(l.id)) {
			l.fence = 0
			wake(r.desk.wake)
		}
	}
	t = r.listenKey(kv{key: r.member()}, 0, &listener{changed})
}
