package cluster

import (
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	protocluster "github.com/asynkron/protoactor-go/cluster"
)

// Lookup bounds the time that an identity lookup of Proto.Actor's cluster may take: Get returns nil, which is "not now", when inner
// has not answered within bound. 0 is 250 ms. Proto.Actor's disthash waits 5 s for a member that has just died, and
// whoever asked waits with it.
//
// At most one Get of inner's is under way for each identity and topology, and 1,024 in all; whoever asks for an identity that is being
// looked up waits for that answer, for bound at most. Where there are 1,024, Get returns nil at once. Answers that nobody waits for any more are dropped,
// and so are those from before a change of the topology: they may be of a member that is not there any more.
func Lookup(inner protocluster.IdentityLookup, bound time.Duration) protocluster.IdentityLookup {
	if bound <= 0 {
		bound = 250 * time.Millisecond
	}
	return &lookup{inner: inner, bound: bound, flights: map[string]*flight{}, logger: slog.Default()}
}

const lookupsAtATime = 1024

type lookup struct {
	inner protocluster.IdentityLookup // immutable
	bound time.Duration               // immutable
	shut  sync.Once

	mu      sync.Mutex
	logger  *slog.Logger       // guarded by mu
	flights map[string]*flight // guarded by mu: those of this topology
	flying  int                // guarded by mu: those of all topologies
}

// flight is one Get of the inner lookup.
type flight struct {
	done chan struct{}
	pid  *actor.PID // immutable once done is closed
}

// Setup implements protocluster.IdentityLookup.
func (l *lookup) Setup(c *protocluster.Cluster, kinds []string, isClient bool) {
	l.mu.Lock()
	l.logger = c.Logger()
	l.mu.Unlock()
	l.inner.Setup(c, kinds, isClient)
	c.ActorSystem.EventStream.Subscribe(func(event any) {
		if _, ok := event.(*protocluster.ClusterTopology); ok {
			l.forget()
			// The inner lookup may be told after this one: what is asked between goes to who was there before.
			time.AfterFunc(l.bound, l.forget)
		}
	})
}

// forget begins a new topology: nobody waits for what was asked before.
func (l *lookup) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.flights)
}

// Get implements protocluster.IdentityLookup.
func (l *lookup) Get(ci *protocluster.ClusterIdentity) *actor.PID {
	f := l.board(ci)
	if f == nil {
		return nil
	}
	timer := time.NewTimer(l.bound)
	defer timer.Stop()
	select {
	case <-f.done:
		return f.pid
	case <-timer.C:
		return nil
	}
}

// board returns the flight for an identity, or nil if there are too many.
func (l *lookup) board(ci *protocluster.ClusterIdentity) *flight {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := ci.AsKey()
	if f := l.flights[key]; f != nil {
		return f
	}
	if l.flying == lookupsAtATime {
		return nil
	}
	f := &flight{done: make(chan struct{})}
	l.flights[key] = f
	l.flying++
	go l.fly(key, f, &protocluster.ClusterIdentity{Identity: ci.Identity, Kind: ci.Kind})
	return f
}

func (l *lookup) fly(key string, f *flight, ci *protocluster.ClusterIdentity) {
	defer func() {
		p := recover() // it was the caller's goroutine that it panicked on; now the process would end
		l.mu.Lock()
		if l.flying--; l.flights[key] == f {
			delete(l.flights, key)
		} else {
			f.pid = nil // from before a change
		}
		logger := l.logger
		l.mu.Unlock()
		close(f.done)
		if p != nil {
			logger.Error("sockeye: an identity lookup has panicked", "identity", key, "panic", p)
		}
	}()
	f.pid = l.inner.Get(ci)
}

// RemovePid implements protocluster.IdentityLookup.
func (l *lookup) RemovePid(ci *protocluster.ClusterIdentity, pid *actor.PID) {
	l.inner.RemovePid(ci, pid)
}

// Shutdown implements protocluster.IdentityLookup. Proto.Actor's cluster calls it twice; inner's is called
// once.
func (l *lookup) Shutdown() { l.shut.Do(l.inner.Shutdown) }

// Pause is an option for the calls of Proto.Actor's cluster: between tries it sleeps for 10 ms, then 20 ms, and so on up to
// 500 ms, and tries until the call's timeout. Proto.Actor's default is 3 tries with nanoseconds between: what has
// just moved is never found. For another number of tries give WithRetryCount after it.
//
// Not for RequestFuture: its options change the defaults of all calls of the process.
func Pause() protocluster.GrainCallOption {
	return func(cfg *protocluster.GrainCallConfig) {
		cfg.RetryCount = math.MaxInt
		cfg.RetryAction = func(n int) int {
			time.Sleep(pause(n))
			return n + 1
		}
	}
}

// pause is the one after n tries.
func pause(n int) time.Duration {
	return min(10*time.Millisecond<<min(max(n, 0), 16), 500*time.Millisecond)
}
