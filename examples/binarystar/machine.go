package main

import (
	"errors"
	"time"
)

// state is what a server is, and what it tells its peer with each heartbeat, as a decimal digit. The Guide's
// servers use the same.
type state byte

const (
	primary state = iota + 1 // the primary, before it knows of its peer
	backup                   // the backup, before it knows of its peer
	active                   // serves
	passive                  // does not, but will
)

var stateNames = [...]string{primary: "primary", backup: "backup", active: "active", passive: "passive"}

func (s state) String() string { return stateNames[s] }

// ErrState is a heartbeat that says no state.
var ErrState = errors.New("binary star: no state")

// decodeState decodes a heartbeat.
func decodeState(frames [][]byte) (state, error) {
	if len(frames) != 1 || len(frames[0]) != 1 || frames[0][0] < '1' || frames[0][0] > '4' {
		return 0, ErrState
	}
	return state(frames[0][0] - '0'), nil
}

// heartbeat is what decodeState decodes.
func (s state) heartbeat() []byte { return []byte{'0' + byte(s)} }

// machine is what a server knows and decides. It has no clock, no socket and no goroutine.
type machine struct {
	role   state         // primary or backup
	silent time.Duration // a peer that was not heard for so long is dead

	state state
	until time.Time // the peer is alive until then
	last  time.Time // of the ticks, after which the peer is told
	doubt time.Time // until then, what comes may be from before this server hung
	rival time.Time // since when the peer says that it is active, too; zero: it does not
	split int       // how often both were active
}

// newMachine returns the machine of a server that starts now. For a while it takes its peer to be alive.
func newMachine(now time.Time, role state, silent time.Duration) *machine {
	return &machine{role: role, silent: silent, state: role, until: now.Add(silent), last: now}
}

// wake is called before everything else. A server whose last heartbeat was sent so long ago that its peer may
// take it for dead may have been replaced: it no longer serves until it has found out. It counts from
// before it sent that, the peer from when it came, and so the one that hangs is always first.
func (m *machine) wake(now time.Time) {
	if now.Before(m.last.Add(m.silent)) {
		return
	}
	m.until, m.doubt = now.Add(m.silent), now.Add(m.silent/2)
	if m.state == active {
		m.state = passive
	}
}

// tick is to be called several times within silent, each time before the state is sent to the peer.
func (m *machine) tick(now time.Time) {
	m.wake(now)
	m.last = now
}

// peer is for a heartbeat of the other server.
func (m *machine) peer(now time.Time, p state) {
	m.wake(now)
	gap := !now.Before(m.until)
	m.until = now.Add(m.silent)
	switch m.state {
	case primary:
		switch p {
		case backup:
			m.state = active
		case active:
			m.state = passive
		}
	case backup:
		if p == active {
			m.state = passive
		}
	case active:
		if p == active {
			m.contest(now, gap)
		} else {
			m.rival = time.Time{}
		}
	case passive:
		switch {
		case now.Before(m.doubt):
		case p == primary || p == backup: // it has just started, and knows nothing
			m.state = active
		case p == passive && m.role == primary: // one has to begin
			m.state = primary
		}
	}
}

// contest is for a peer that is active as well: both have served if it goes on to say so, and what the backup was
// told meanwhile is lost. Once is not enough: one that has hung sends, when it goes on, what it had not
// got rid of before.
func (m *machine) contest(now time.Time, gap bool) {
	switch {
	case gap || m.rival.IsZero():
		m.rival = now
	case now.Sub(m.rival) >= m.silent/2:
		m.split++
		m.rival = time.Time{}
		if m.role == backup {
			m.state = passive
		}
	}
}

// request is for a client's request, and reports whether it is to be served. It is the clients who make a
// server active: one whom no client asks stays passive, whether it hears its peer or not.
func (m *machine) request(now time.Time) bool {
	m.wake(now)
	if (m.state == primary || m.state == passive) && !now.Before(m.until) {
		m.state, m.rival = active, time.Time{}
	}
	return m.state == active
}
