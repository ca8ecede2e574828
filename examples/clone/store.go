package main

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// store is a table of values and how it came to be what it is: the number of the last update.
type store struct {
	values   map[string]update
	sequence uint64
	bytes    int // of all keys and values
	most     limit
}

// limit bounds a store.
type limit struct{ keys, bytes int }

// Why a store does not take a value.
var (
	ErrFull    = errors.New("clone: the table is full")
	ErrBadName = errors.New("clone: a word of the protocol is no key")
)

func newStore(most limit) *store { return &store{values: map[string]update{}, most: most} }

// set carries out a client's KVSET and returns the KVPUB to be published.
func (s *store) set(now time.Time, u update) (update, error) {
	ttl, err := u.ttl()
	if err != nil {
		return update{}, err
	}
	if u.key == hugz || u.key == thanks {
		return update{}, ErrBadName
	}
	old, known := s.values[u.key]
	if u.value != "" && (!known && len(s.values) >= s.most.keys || s.bytes-old.size()+u.size() > s.most.bytes) {
		return update{}, ErrFull
	}
	s.sequence++
	u.sequence = s.sequence
	s.put(now, u, ttl)
	return u, nil
}

// copied takes over what another server has published, and its number.
func (s *store) copied(now time.Time, u update) {
	ttl, err := u.ttl()
	if err != nil {
		ttl = 0
	}
	s.put(now, u, ttl)
	s.sequence = max(s.sequence, u.sequence)
}

func (s *store) put(now time.Time, u update, ttl time.Duration) {
	s.bytes -= s.values[u.key].size()
	if u.value == "" {
		delete(s.values, u.key)
		return
	}
	if ttl > 0 {
		u.expires = now.Add(ttl)
	}
	s.values[u.key] = u
	s.bytes += u.size()
}

// expire deletes the values whose time is over and returns what is to be published, in the order of the keys.
func (s *store) expire(now time.Time) (gone []update) {
	for _, u := range s.values {
		if !u.expires.IsZero() && !now.Before(u.expires) {
			gone = append(gone, update{key: u.key})
		}
	}
	slices.SortFunc(gone, func(a, b update) int { return strings.Compare(a.key, b.key) })
	for i := range gone {
		s.sequence++
		gone[i].sequence = s.sequence
		s.put(now, gone[i], 0)
	}
	return gone
}

// snapshot is the answer to ICANHAZ: the KVSYNCs of a subtree, and KTHXBAI. Its number is that of the whole table's
// last update, as in the Guide's servers: clients who took the last one in their subtree would not know
// which updates they have. A value that is ephemeral says for how long still, which RFC 12 leaves out, and
// without which a server that copies it would keep it for ever.
func (s *store) snapshot(now time.Time, subtree string) (all []update) {
	for key, u := range s.values {
		if strings.HasPrefix(key, subtree) {
			left := time.Duration(0)
			if !u.expires.IsZero() {
				left = max(u.expires.Sub(now), time.Second)
			}
			all = append(all, update{key: key, sequence: u.sequence, props: withTTL(left), value: u.value})
		}
	}
	slices.SortFunc(all, func(a, b update) int { return strings.Compare(a.key, b.key) })
	return append(all, update{key: thanks, sequence: s.sequence, value: subtree})
}

func (u update) size() int { return len(u.key) + len(u.value) }
