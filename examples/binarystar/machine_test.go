package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func at(n int) time.Time { return time.Unix(1000, 0).Add(time.Duration(n) * time.Millisecond) }

// Every state, as primary and as backup, and everything that can happen in it.
func TestMachine(t *testing.T) {
	const soon, late = 299, 300 // after the peer was heard last, at 0
	for _, c := range []struct {
		role, from state
		event      state // what the peer says; 0: a client's request
		now        int
		to         state
		served     bool
	}{
		{primary, primary, primary, soon, primary, false},
		{primary, primary, backup, soon, active, false},
		{primary, primary, active, soon, passive, false},
		{primary, primary, passive, soon, primary, false}, // it hears primary from us, and becomes active
		{primary, primary, 0, soon, primary, false},       // the backup may be active, and not have been heard yet
		{primary, primary, 0, late, active, true},
		{backup, backup, primary, soon, backup, false},
		{backup, backup, backup, soon, backup, false},
		{backup, backup, active, soon, passive, false},
		{backup, backup, passive, soon, backup, false},
		{backup, backup, 0, soon, backup, false},
		{backup, backup, 0, late, backup, false}, // one that has never heard of a primary never serves
		{primary, active, primary, soon, active, false},
		{primary, active, backup, soon, active, false},
		{primary, active, active, soon, active, false}, // both: the backup steps down
		{backup, active, active, soon, passive, false},
		{primary, active, passive, soon, active, false},
		{primary, active, 0, soon, active, true},
		{backup, active, 0, late, active, true}, // as long as it is asked, heard or not
		{primary, passive, backup, soon, active, false},
		{backup, passive, primary, soon, active, false},
		{backup, passive, active, soon, passive, false},
		{primary, passive, passive, soon, primary, false}, // both: the primary begins anew
		{backup, passive, passive, soon, passive, false},
		{backup, passive, 0, soon, passive, false}, // its peer is alive: not refused is split
		{backup, passive, 0, late, active, true},
	} {
		name := fmt.Sprintf("%v %v, %d at %d", c.role, c.from, c.event, c.now)
		m := newMachine(at(0), c.role, 300*time.Millisecond)
		m.state = c.from
		m.tick(at(150))
		served := false
		if c.event == 0 {
			served = m.request(at(c.now))
		} else {
			if both := c.from == active && c.event == active; both { // not just once
				m.peer(at(c.now-150), c.event)
				if m.peer(at(c.now-1), c.event); m.state != active || m.split != 0 {
					t.Errorf("%s: %v at once, split %d", name, m.state, m.split)
				}
			}
			m.peer(at(c.now), c.event)
		}
		if m.state != c.to || served != c.served {
			t.Errorf("%s: %v, served %v", name, m.state, served)
		}
		if both := c.from == active && c.event == active; both != (m.split == 1) {
			t.Errorf("%s: split %d", name, m.split)
		}
	}
}

// One that has done nothing for too long does not serve before it has heard nothing for as long again.
func TestAsleep(t *testing.T) {
	for _, from := range []state{active, passive} {
		m := newMachine(at(0), primary, 300*time.Millisecond)
		m.state = from
		m.tick(at(250))
		for _, step := range []struct {
			now    int
			served bool
		}{{550, false}, {700, false}, {849, false}, {850, true}, {949, true}} {
			if got := m.request(at(step.now)); got != step.served {
				t.Errorf("from %v at %d: served %v", from, step.now, got)
			}
			m.tick(at(step.now))
		}
		m.peer(at(950), active)
		m.peer(at(1100), active)
		if m.state != active || m.split != 1 {
			t.Errorf("from %v, it is %v, split %d", from, m.state, m.split)
		}
	}
	m := newMachine(at(0), primary, 300*time.Millisecond)
	m.state = active
	for _, p := range []state{backup, passive, active} { // what has come in the meantime
		if m.peer(at(1000), p); m.state != passive || m.split != 0 {
			t.Errorf("it woke to %v and is %v, split %d", p, m.state, m.split)
		}
	}
	m.tick(at(1000))
	if m.peer(at(1150), backup); m.state != active {
		t.Errorf("its peer has started, and it is %v", m.state)
	}
}

// Two machines whose clients go from one to the other when they are refused. One is stopped, or the link
// between them is cut, at random, never both: when one serves, the other would not have, asleep or not. In the
// end, one is active.
func TestPair(t *testing.T) {
	for seed := range uint64(2000) {
		dice := rand.New(rand.NewPCG(seed, 0))
		pair := [2]*machine{newMachine(at(0), primary, 300*time.Millisecond), newMachine(at(0), backup, 300*time.Millisecond)}
		var asleep [2]int // until when
		ask, cut := 0, 0
		served := 0
		for now := 0; now < 20_000; now += 10 {
			if now < 15_000 && now > 2000 && now > asleep[0]+1000 && now > asleep[1]+1000 && now > cut+1000 {
				switch who := dice.IntN(400); who {
				case 0, 1:
					asleep[who] = now + dice.IntN(2000)
				case 2:
					cut = now + dice.IntN(2000)
				}
			}
			for i, m := range pair {
				if now < asleep[i] {
					continue
				}
				if now%100 == 10*i {
					m.tick(at(now))
					if other := 1 - i; now >= cut && now >= asleep[other] {
						pair[other].peer(at(now), m.state)
					}
				}
			}
			if now%50 != 0 {
				continue
			}
			if now < asleep[ask] || !pair[ask].request(at(now)) {
				ask = 1 - ask
				continue
			}
			served++
			other := *pair[1-ask]
			if other.wake(at(now)); other.state == active {
				t.Fatalf("seed %d, at %d: served by %d, and the other is active", seed, now, ask)
			}
		}
		if served < 200 { // of 400
			t.Fatalf("seed %d: served %d times", seed, served)
		}
		if a, b := pair[0].state, pair[1].state; a+b != active+passive || a == b {
			t.Fatalf("seed %d: in the end they are %v and %v", seed, a, b)
		}
	}
}

func TestDecodeState(t *testing.T) {
	for s := primary; s <= passive; s++ {
		if got, err := decodeState([][]byte{s.heartbeat()}); got != s || err != nil {
			t.Errorf("%v: %v, %v", s, got, err)
		}
	}
	for _, wrong := range [][][]byte{nil, {{}}, {[]byte("0")}, {[]byte("5")}, {[]byte("12")}, {[]byte("1"), []byte("1")}} {
		if _, err := decodeState(wrong); !errors.Is(err, ErrState) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func FuzzState(f *testing.F) {
	f.Add([]byte("1"), false)
	f.Add([]byte("4"), true)
	f.Add([]byte("5"), false)
	f.Add([]byte(""), false)
	f.Fuzz(func(t *testing.T, frame []byte, two bool) {
		frames := [][]byte{frame}
		if two {
			frames = append(frames, frame)
		}
		s, err := decodeState(frames)
		if err == nil && (two || string(s.heartbeat()) != string(frame)) || err != nil && !errors.Is(err, ErrState) {
			t.Errorf("%q: %v, %v", frames, s, err)
		}
	})
}
