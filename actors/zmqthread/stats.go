package zmqthread

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/extensions"
)

// Stats is how busy a thread has been since it was started.
type Stats struct {
	PID     *actor.PID
	Started time.Time
	Uptime  time.Duration
	Sockets int    // actors that have a socket on it, or want one
	Rounds  uint64 // of its loop: commands, sockets, wait
	Sleeps  uint64 // in zmq_poll, or what stands for it
	Rings   uint64 // of the control socket: how often something from outside has woken it
	// Idle is how long it has waited for work, asleep or spinning. What is missing to Uptime it was
	// at work, or another thread had its processor.
	Idle time.Duration
}

// Busy is which part of the time between two Stats of one thread it was at work, from 0 to 1. The
// zero Stats stands for the thread's start.
func (s Stats) Busy(before Stats) float64 {
	time := s.Uptime - before.Uptime
	if time <= 0 {
		return 0
	}
	return min(1, max(0, 1-float64(s.Idle-before.Idle)/float64(time)))
}

// meter is what is counted for Stats and nothing else.
type meter struct {
	started               time.Time     // immutable
	rounds, sleeps, rings uint64        // guarded by Thread.mu
	idle                  time.Duration // guarded by Thread.mu
	waits                 time.Time     // guarded by Thread.mu: since when it sleeps, or is about to; zero: it does not
	spun                  time.Duration // Owned by the thread: to be added to idle
}

// Stats may be called from any goroutine.
func (t *Thread) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := &t.meter
	s := Stats{PID: t.pid, Started: m.started, Uptime: time.Since(m.started), Sockets: t.Sockets(),
		Rounds: m.rounds, Sleeps: m.sleeps, Rings: m.rings, Idle: m.idle}
	if !m.waits.IsZero() {
		s.Idle += time.Since(m.waits)
	}
	return s
}

// roster is which threads a system has.
type roster struct {
	mu      sync.Mutex
	threads map[*Thread]bool // guarded by mu
}

var (
	rosterID  = extensions.NextExtensionID()
	enrolling sync.Mutex // a system's extensions are not safe for concurrent use
)

func (*roster) ExtensionID() extensions.ExtensionID { return rosterID }

func rosterOf(system *actor.ActorSystem) *roster {
	enrolling.Lock()
	defer enrolling.Unlock()
	if r, ok := system.Extensions.Get(rosterID).(*roster); ok {
		return r
	}
	r := &roster{threads: map[*Thread]bool{}}
	system.Extensions.Register(r)
	return r
}

func (t *Thread) enroll() {
	r := rosterOf(t.system)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.threads[t] = true
}

func (t *Thread) unenroll() {
	r := rosterOf(t.system)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.threads, t)
}

// Threads are those of a system that run, in the order of their PIDs.
func Threads(system *actor.ActorSystem) []*Thread {
	r := rosterOf(system)
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(maps.Keys(r.threads), func(a, b *Thread) int { return strings.Compare(a.pid.Id, b.pid.Id) })
}
