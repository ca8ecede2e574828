package main

import (
	"time"
)

// maxHeld is how many updates may come before the snapshot that they belong behind.
const maxHeld = 10_000

// replica is a copy of a table, or of a subtree, from one of several servers. It has no clock, no socket and
// no goroutine.
type replica struct {
	subtree string
	servers int
	silent  time.Duration // a server that was not heard for so long is dead
	most    limit

	at    int       // the server
	live  bool      // it has sent a snapshot
	until time.Time // it is alive until then
	store *store    // as far as it is known; the one before while a snapshot is being sent
	fresh *store    // the snapshot
	held  []update  // updates that came meanwhile
	turns int       // how often it has turned to the next server
}

func newReplica(subtree string, servers int, silent time.Duration, most limit) *replica {
	return &replica{subtree: subtree, servers: servers, silent: silent, most: most, store: newStore(most)}
}

// begin begins with a snapshot of the server that it is at, which is to be asked for it.
func (r *replica) begin(now time.Time) {
	r.live, r.fresh, r.held, r.until = false, newStore(r.most), nil, now.Add(r.silent)
}

// tick is to be called now and then, and reports whether a server is to be asked for a snapshot: another one, or
// the only one once more.
func (r *replica) tick(now time.Time) bool {
	if now.Before(r.until) {
		return false
	}
	r.at = (r.at + 1) % r.servers
	r.turns++
	r.begin(now)
	return true
}

// sync is for KVSYNC and KTHXBAI. It reports whether the snapshot is complete now.
func (r *replica) sync(now time.Time, from int, u update) bool {
	if from != r.at || r.live {
		return false
	}
	r.until = now.Add(r.silent)
	switch {
	case u.key != thanks:
		r.keep(now, r.fresh, u)
		return false
	case u.value != r.subtree:
		return false // what somebody else has asked for
	}
	r.fresh.sequence = u.sequence
	r.store, r.live = r.fresh, true
	for _, u := range r.held {
		r.publish(now, u)
	}
	r.fresh, r.held = nil, nil
	return true
}

// published is for KVPUB and HUGZ. It reports whether that has changed the copy.
func (r *replica) published(now time.Time, from int, u update) bool {
	if from != r.at {
		return false
	}
	switch {
	case r.live:
		r.until = now.Add(r.silent)
		return u.key != hugz && r.publish(now, u)
	case u.key == hugz: // no reason to go on waiting for a snapshot
	case len(r.held) >= maxHeld: // there is more missing than can be held: from the beginning
		r.until = now
	default:
		r.held = append(r.held, u)
	}
	return false
}

func (r *replica) publish(now time.Time, u update) bool {
	if u.sequence <= r.store.sequence {
		return false // the snapshot has it
	}
	r.keep(now, r.store, u)
	return true
}

// keep keeps an update, if there is room for it: a server could send without end.
func (r *replica) keep(now time.Time, s *store, u update) {
	old := s.values[u.key]
	if u.value != "" && (old.key == "" && len(s.values) >= s.most.keys || s.bytes-old.size()+u.size() > s.most.bytes) {
		u.value = "" // an old value would be a wrong one
	}
	s.copied(now, u)
}
