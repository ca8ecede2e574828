package chaos

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// deed is something that is done to a part of the world.
type deed string

const (
	actorFails       deed = "socket actor fails"         // socket.Fail, native socket kept
	hookPanics       deed = "receiver middleware panics" // of a socket actor
	mailboxPanics    deed = "mailbox middleware panics"  // of a receiver, in the socket actor's turn
	nativeLost       deed = "native socket lost"         // socket.Fail: closed and opened again
	pollActorPanics  deed = "poll actor panics"
	threadEnds       deed = "thread ends"
	receiverPanics   deed = "receiver panics"
	receiverReplaced deed = "receiver replaced" // stopped, and another attached
	peerKilled       deed = "peer killed"       // kill -9, and started again at the same addresses
)

// kill is one entry of a plan.
type kill struct {
	At     time.Duration // since the beginning
	What   deed
	Target string
}

func (k kill) String() string { return fmt.Sprintf("%9.3fs  %s: %s", k.At.Seconds(), k.What, k.Target) }

// role is a socket of this process; there is one of each on every transport.
type role struct {
	name    string
	native  bool // may lose its native socket
	serves  bool // has a receiver
	forgets bool // what this receiver has not processed when it is stopped may be lost
}

// roles: those without native are ends of a flow that must not lose or disorder anything.
var roles = []role{
	{"rep", true, true, true}, {"router", true, true, true},
	{"req", true, false, false}, {"lazy", true, false, false}, {"again", true, false, false},
	{"dealer", true, false, false}, {"sure", true, false, false},
	{"push", false, false, false}, {"pull", false, true, true},
	{"out", true, false, false}, {"in", true, true, true},
	{"pub", false, false, false}, {"sub", true, true, true},
	{"far lazy", true, false, false}, {"far sure", true, false, false},
	{"far push", true, false, false}, {"far pull", true, true, true}, {"far sub", true, true, true},
}

var wires = []string{"tcp", "ipc"}

// choice is a deed with everything it can be done to.
type choice struct {
	what    deed
	weight  int
	targets []string
}

func choices() []choice {
	var all, native, served []string
	for _, wire := range wires {
		for _, r := range roles {
			name := wire + " " + r.name
			all = append(all, name)
			if r.native {
				native = append(native, name)
			}
			if r.serves {
				served = append(served, name)
			}
		}
	}
	threads := []string{"near", "far"}
	return []choice{
		{actorFails, 6, all}, {hookPanics, 5, all}, {mailboxPanics, 3, served}, {nativeLost, 7, native},
		{pollActorPanics, 2, threads}, {threadEnds, 2, threads},
		{receiverPanics, 3, served}, {receiverReplaced, 3, served}, {peerKilled, 1, wires},
	}
}

// plan is what happens: a function of the seed and of how long it lasts.
func plan(seed uint64, long time.Duration) (all []kill) {
	rng := rand.New(rand.NewPCG(seed, 2))
	var lots []choice
	for _, c := range choices() {
		for range c.weight {
			lots = append(lots, c)
		}
	}
	for at := time.Duration(0); ; {
		if rng.IntN(4) > 0 { // one in four comes together with the one before
			at += time.Duration(rng.Int64N(int64(80 * time.Millisecond)))
		}
		if at >= long {
			return all
		}
		c := lots[rng.IntN(len(lots))]
		all = append(all, kill{at, c.what, c.targets[rng.IntN(len(c.targets))]})
	}
}

func list(all []kill) string {
	var b strings.Builder
	for _, k := range all {
		fmt.Fprintln(&b, k)
	}
	return b.String()
}

func digest(all []kill) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(list(all))))[:16] }

// A seed stands for one plan, and a run carries out the plan and nothing else.
func TestChaosReplays(t *testing.T) {
	s, long := someSeed(), 2*time.Second
	if a, b := digest(plan(s, 10*time.Minute)), digest(plan(s, 10*time.Minute)); a != b {
		t.Errorf("-seed %d gives %s and %s", s, a, b)
	}
	if a, b := digest(plan(s, long)), digest(plan(s+1, long)); a == b {
		t.Errorf("-seed %d and %d give the same", s, s+1)
	}
	planned, done := list(plan(s, long)), list(inflict(t, s, long))
	if planned != done && !t.Failed() {
		t.Errorf("-seed %d: planned\n%s\ndone\n%s", s, planned, done)
	}
}
