package main

import "time"

// standing is which of two servers is active. An active server is heard: it publishes, HUGZ at least. A
// passive one publishes nothing. It has no clock, no socket and no goroutine.
type standing struct {
	primary bool          // gives way to nobody
	silent  time.Duration // a peer that was not heard for so long is not active

	active bool
	until  time.Time // the peer is taken to be active until then
	last   time.Time // of the ticks, after which HUGZ is sent
	rival  time.Time // since when the peer is heard although this server is active; zero: it is not
	split  int       // how often both were active
}

// newStanding is that of a server that starts now: for a while it takes its peer to be active.
func newStanding(now time.Time, primary bool, silent time.Duration) *standing {
	return &standing{primary: primary, silent: silent, until: now.Add(silent), last: now}
}

// wake is called before everything else. A server that was silent for so long that its peer may have
// taken over is passive until it knows better. It counts from before it was last heard, the peer from when.
func (s *standing) wake(now time.Time) {
	if now.Before(s.last.Add(s.silent)) {
		return
	}
	s.active = false
	s.until = now.Add(s.silent)
}

// tick is to be called several times within silent, each time before HUGZ is sent.
func (s *standing) tick(now time.Time) {
	s.wake(now)
	s.last = now
}

// heard is for everything that the peer publishes. Both are active if it goes on to. Once is not enough: one
// that has hung sends, when it goes on, what it had not got rid of before.
func (s *standing) heard(now time.Time) {
	s.wake(now)
	gap := !now.Before(s.until)
	s.until = now.Add(s.silent)
	switch {
	case !s.active:
	case gap || s.rival.IsZero():
		s.rival = now
	case now.Sub(s.rival) >= s.silent/2:
		s.split++
		s.active, s.rival = s.primary, time.Time{}
	}
}

// asked is for a client that wants a snapshot, and reports whether it gets one: that makes a server active
// whose peer is not.
func (s *standing) asked(now time.Time) bool {
	s.wake(now)
	if !s.active && !now.Before(s.until) {
		s.active, s.rival = true, time.Time{}
	}
	return s.active
}
