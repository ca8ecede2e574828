package supervision

import (
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/guard"
)

// notes are what a strategy remembers of the actors that have failed.
type notes struct {
	mu      sync.Mutex
	of      map[name]*note // guarded by mu
	sweepAt int            // guarded by mu: so many are looked through for those that can be forgotten
}

// name is an actor's: one strategy may serve several systems.
type name struct {
	system *actor.ActorSystem
	id     string
}

// note is what a strategy remembers of one actor, or of the children of one.
type note struct {
	target // without its parent
	tally  tally
	helped int          // to stop
	due    *pending     // nil unless something is to happen to it
	state  CircuitState // of a Breaker
	reason any          // of a Breaker: what has opened the circuit
}

// pending is what happens at the end of a pause, unless it is cancelled.
type pending struct {
	timer   Timer
	members []target // who is restarted
}

func (t target) name() name { return name{t.system, t.pid.Id} }

// get returns the note of an actor, a new one if there is none or if it is another's of that name.
// Caller holds mu.
func (n *notes) get(t target, now time.Time, window time.Duration) *note {
	if n.of == nil {
		n.of, n.sweepAt = map[name]*note{}, 1024
	}
	x := n.of[t.name()]
	if x == nil || x.process != t.process {
		n.drop(t.name())
		n.sweep(now, window)
		t.parent = nil // which a note must not keep in memory
		x = &note{target: t}
		n.of[t.name()] = x
	}
	return x
}

// sweep forgets actors that are gone, and those that have been well for a window. Caller holds mu.
func (n *notes) sweep(now time.Time, window time.Duration) {
	if len(n.of) < n.sweepAt {
		return
	}
	for k, x := range n.of {
		_, there := x.find()
		if !there || x.due == nil && now.Sub(x.tally.last) >= window {
			n.drop(k)
		}
	}
	n.sweepAt = max(1024, 2*len(n.of))
}

// drop forgets an actor and cancels what is pending. Caller holds mu.
func (n *notes) drop(k name) {
	if x := n.of[k]; x != nil {
		x.cancel()
		delete(n.of, k)
	}
}

func (n *notes) forget(t target) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drop(t.name())
}

// waits reports whether the restart of an actor is pending; its failure then joins it.
func (n *notes) waits(t target) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	x := n.of[t.name()]
	return x != nil && x.process == t.process && x.due != nil
}

func (x *note) cancel() {
	if x.due != nil {
		x.due.timer.Stop()
		x.due = nil
	}
}

// after makes something happen to the members once d has passed, in place of what was pending. Then
// is called with mu held, and what it returns without. Caller holds mu.
func (n *notes) after(clock Clock, d time.Duration, x *note, members []target, then func(members []target) func()) {
	x.cancel()
	p := &pending{members: members}
	x.due = p
	p.timer = clock.AfterFunc(d, func() {
		guard.Careful(x.system, "a restart", x.pid, func() { n.take(x, p, then)() })
	})
}

// take ends a pause and returns what is to be done, which is nothing if it was cancelled.
func (n *notes) take(x *note, p *pending, then func(members []target) func()) func() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if x.due != p {
		return func() {}
	}
	x.due = nil
	return then(p.members)
}

// tally counts failures.
type tally struct {
	recent []time.Time // within the window, oldest first
	row    int         // in a row, without a window of quiet between them
	last   time.Time   // the last one, or the restart that it led to
}

// add counts a failure: how many there were within the window, up to most, and how many in a row.
func (t *tally) add(now time.Time, window time.Duration, most int) (recent, row int) {
	if now.Sub(t.last) >= window {
		t.row = 0
	}
	t.row, t.last = t.row+1, now
	for len(t.recent) > 0 && (now.Sub(t.recent[0]) >= window || len(t.recent) >= most) {
		t.recent = t.recent[1:]
	}
	t.recent = append(t.recent, now)
	return len(t.recent), t.row
}
