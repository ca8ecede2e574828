package wire

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// state is how things stand with a peer.
type state int

const (
	connecting state = iota // it was never heard; what is sent to it is queued
	up                      // in a session
	down                    // dead: what is sent to it is a dead letter
	gone                    // forgotten, or the Wire is shut down
)

var stateText = map[state]string{connecting: "connecting", up: "up", down: "down", gone: "gone"}

// peer is another system, and the actor.Process of all its PIDs.
//
// Three parties use it: senders, on their goroutines (send.go); the inlet, on the goroutine of the PULL that
// takes what comes in (inlet.go, session.go); and timers (beat.go). What they share is guarded by mu, under
// which nobody calls anything that could call back: sockets, actors and the event stream are told after it
// was let go.
type peer struct {
	w       *Wire
	address string
	token   token         // immutable: what it must show here
	mail    *actor.PID    // immutable: of the answers and events of its socket; see line.go
	wake    chan struct{} // there is something for deliver

	mu       sync.Mutex
	state    state             // guarded by mu
	session  uint64            // guarded by mu: our number for the session, another after each end
	their    their             // guarded by mu
	out      outbound          // guarded by mu
	in       inbound           // guarded by mu
	line     line              // guarded by mu
	watching map[bond]struct{} // guarded by mu: who watches there from here
	watched  map[bond]struct{} // guarded by mu: who watches here from there
	heard    time.Time         // guarded by mu: the last sign of life
	alarm    *time.Timer       // guarded by mu: when it is dead
	due      time.Time         // guarded by mu: and when that is
	used     time.Time         // guarded by mu: when something was last sent to it, as far as tick has noted it; zero: never
	needed   bool              // guarded by mu: something was sent to it since then
	shunned  time.Time         // guarded by mu: until then it is not listened to
	fallen   *PeerDown         // guarded by mu: why it is down
	books    books             // guarded by mu
	chores   []func()          // guarded by mu: what is told to others, in order
	busy     bool              // guarded by mu: a goroutine does them
}

// their is what is known of the other side, from its hello. The zero value: nothing yet.
type their struct {
	token       token
	session     uint64
	incarnation uint64
	most        int64
	messages    int
	bytes       int64
}

// bond is a watcher and whom it watches, by id.
type bond struct{ watcher, who string }

// maxPeers bounds how many systems are known at once; maxUnproved how many of them because somebody said hello
// in their name, who has proved nothing yet.
const (
	maxPeers    = 4096
	maxUnproved = 64
)

// peerOf is the peer with this address, for somebody who sends to it.
func (w *Wire) peerOf(address string) (*peer, *UndeliveredError) {
	return w.acquaint(address, time.Now())
}

// acquaint returns the peer with this address, known or new. used: when something was sent to it. It runs on
// senders' goroutines and on the inlet's.
func (w *Wire) acquaint(address string, used time.Time) (*peer, *UndeliveredError) {
	w.mu.RLock()
	p, closed := w.peers[address], w.closed
	w.mu.RUnlock()
	if closed {
		return nil, &UndeliveredError{Reason: Closed}
	}
	if p != nil {
		return p, nil
	}
	at, err := w.lookup(address)
	if err != nil {
		return nil, &UndeliveredError{Reason: Unknown, Err: err}
	}
	p = &peer{w: w, address: address, wake: make(chan struct{}, 1), used: used, session: number(), watching: map[bond]struct{}{}, watched: map[bond]struct{}{}}
	rand.Read(p.token[:])
	p.line.at = at
	p.out.reset()
	p.in.reset()
	return w.enter(p)
}

// enter makes p one of the peers, unless somebody was faster, and opens its connection.
func (w *Wire) enter(p *peer) (*peer, *UndeliveredError) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch known := w.peers[p.address]; {
	case w.closed:
		return nil, &UndeliveredError{Reason: Closed}
	case known != nil:
		return known, nil
	case len(w.peers) >= maxPeers, p.used.IsZero() && w.unproved() >= maxUnproved:
		return nil, &UndeliveredError{Reason: TooManyPeers}
	}
	p.mail, _ = w.system.ProcessRegistry.Add(&mail{p}, reserved+"/peer"+w.system.ProcessRegistry.NextId())
	w.peers[p.address], w.tokens[p.token] = p, p
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = time.Now()
	p.arm(2 * w.cfg.Heartbeat)
	p.open()
	return p, nil
}

// unproved is how many peers were never heard, and nothing was sent to. Caller holds mu.
func (w *Wire) unproved() (n int) {
	for _, p := range w.peers {
		p.mu.Lock()
		if p.used.IsZero() && !p.needed && p.their.session == 0 {
			n++
		}
		p.mu.Unlock()
	}
	return n
}

// vanish says that nothing will come from the peer any more. Caller holds mu.
func (p *peer) vanish() {
	p.state = gone
	p.wakeUp() // and end
}

// number is one that nobody else has: 0 is none.
func number() (n uint64) {
	for n == 0 {
		var b [8]byte
		rand.Read(b[:])
		for _, x := range b {
			n = n<<8 | uint64(x)
		}
	}
	return n
}

// later has f done after everything that was to be told before. Caller holds mu.
func (p *peer) later(f func()) {
	p.chores = append(p.chores, f)
	if !p.busy {
		p.busy = true
		p.w.chores.Add(1)
		go p.tell()
	}
}

func (p *peer) tell() {
	defer p.w.chores.Done()
	for {
		p.mu.Lock()
		if len(p.chores) == 0 {
			p.busy = false
			p.mu.Unlock()
			return
		}
		f := p.chores[0]
		p.chores = p.chores[1:]
		p.mu.Unlock()
		p.w.careful("telling of a peer", f)
	}
}

// arm sets the alarm. Caller holds mu.
func (p *peer) arm(in time.Duration) {
	p.due = time.Now().Add(in)
	if p.alarm == nil {
		p.alarm = time.AfterFunc(in, p.check)
	} else {
		p.alarm.Reset(in)
	}
}

// check looks whether the peer is dead. If the alarm goes off late, this process has been paused, or the
// machine is too busy for its timers: what the peer has sent meanwhile may still have to be read.
func (p *peer) check() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == down || p.state == gone {
		return
	}
	beat, now := p.w.cfg.Heartbeat, time.Now()
	left := 2*beat - now.Sub(p.heard)
	switch {
	case left > 0:
		p.arm(left)
	case now.Sub(p.due) > beat/2:
		p.arm(beat)
	default:
		p.end(Silent, down)
	}
}
