package main

import (
	"math/rand/v2"
	"testing"
	"time"
)

const silent = 300 * time.Millisecond

func TestStanding(t *testing.T) {
	for _, primary := range []bool{true, false} {
		s := newStanding(at(0), primary, silent)
		for i, step := range []struct {
			now    int
			what   string
			active bool
			split  int
		}{
			{100, "asked", false, 0}, {200, "tick", false, 0}, {200, "heard", false, 0}, {400, "tick", false, 0},
			{499, "asked", false, 0}, {500, "tick", false, 0}, {500, "asked", true, 0}, {700, "tick", true, 0},
			{710, "heard", true, 0}, {711, "heard", true, 0}, {859, "heard", true, 0}, // what was left over
			{900, "tick", true, 0}, {1159, "heard", true, 0}, {1160, "tick", true, 0}, // again, after a gap
			{1308, "heard", true, 0}, {1309, "heard", primary, 1}, {1310, "asked", primary, 1}, {1310, "tick", primary, 1},
			{1610, "asked", false, 1}, // asleep since its last tick
			{1610, "tick", false, 1}, {1909, "asked", false, 1}, {1909, "tick", false, 1}, {1910, "asked", true, 1},
		} {
			switch step.what {
			case "asked":
				if got := s.asked(at(step.now)); got != step.active {
					t.Errorf("primary %v, step %d: asked: %v", primary, i, got)
				}
			case "heard":
				s.heard(at(step.now))
			case "tick":
				s.tick(at(step.now))
			}
			if s.active != step.active || s.split != step.split {
				t.Errorf("primary %v, step %d: active %v, split %d", primary, i, s.active, s.split)
			}
		}
	}
}

// Two servers, one of which sleeps now and then, and clients who ask the other when they get no answer:
// when one answers, the other would not have.
func TestPair(t *testing.T) {
	for seed := range uint64(1000) {
		dice := rand.New(rand.NewPCG(seed, 1))
		pair := [2]*standing{newStanding(at(0), true, silent), newStanding(at(0), false, silent)}
		var asleep [2]int
		ask, served := 0, 0
		for now := 0; now < 20_000; now += 10 {
			if who := dice.IntN(300); who < 2 && now > asleep[0]+1000 && now > asleep[1]+1000 {
				asleep[who] = now + dice.IntN(2000)
			}
			for i, s := range pair {
				if now < asleep[i] || now%100 != 10*i {
					continue
				}
				if s.tick(at(now)); s.active && now >= asleep[1-i] {
					pair[1-i].heard(at(now))
				}
			}
			if now%50 != 0 {
				continue
			}
			if now < asleep[ask] || !pair[ask].asked(at(now)) {
				ask = 1 - ask
				continue
			}
			served++
			other := *pair[1-ask]
			if other.wake(at(now)); other.active {
				t.Fatalf("seed %d, at %d: both are active", seed, now)
			}
		}
		if served < 200 {
			t.Fatalf("seed %d: served %d times", seed, served)
		}
	}
}
