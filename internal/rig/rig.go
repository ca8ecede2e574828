// Package rig is what the tests of this module stand on: a quiet actor system with a ZeroMQ thread
// that is shut down at the end, actors that collect and that echo, endpoints of every transport,
// and checks that nothing is left behind and every message is accounted for.
//
// It waits for events. Where nothing tells of one there is [Until], the one loop with a deadline.
package rig

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
)

// Patience is how long a test waits for anything before it has failed.
const Patience = 10 * time.Second

// Rig is an actor system with one ZeroMQ thread, for one test.
type Rig struct {
	T      testing.TB
	System *actor.ActorSystem
	Root   *actor.RootContext
	Thread *zmqthread.Thread
	Ctx    context.Context // ends when the test has taken far too long
	Dead   *DeadLetters

	mu      sync.Mutex
	threads []*zmqthread.Thread             // guarded by mu: Thread and those beside it
	sockets []*actor.PID                    // guarded by mu
	actors  []*actor.PID                    // guarded by mu: others, which go last
	books   map[string]func() socket.Ledger // guarded by mu: by PID id, with Books
	shut    bool                            // guarded by mu
	log     *log
}

// Books reads, when it is set, the ledger of a socket that has stopped. The tests of package socket
// set it; others check the ledgers of the sockets that still live when a test ends.
var Books func(*actor.ActorSystem, *actor.PID) func() socket.Ledger

// Start starts a thread with cfg on a new system. When the test is over it must shut down without
// an error, and every ledger must add up.
func Start(t testing.TB, cfg zmqthread.Config) *Rig {
	t.Helper()
	system, log := systemOf(t)
	ctx, cancel := context.WithTimeout(context.Background(), 3*Patience)
	t.Cleanup(cancel)
	r := &Rig{T: t, System: system, Root: system.Root, Ctx: ctx, Dead: collectDead(system),
		books: map[string]func() socket.Ledger{}, log: log}
	thread, err := zmqthread.Start(system, cfg)
	if err != nil {
		t.Fatalf("start a thread: %v", err)
	}
	r.Thread, r.threads = thread, []*zmqthread.Thread{thread}
	t.Cleanup(r.Shutdown)
	return r
}

// Beside starts another thread on r's system.
func (r *Rig) Beside(cfg zmqthread.Config) *zmqthread.Thread {
	r.T.Helper()
	thread, err := zmqthread.Start(r.System, cfg)
	if err != nil {
		r.T.Fatalf("start another thread: %v", err)
	}
	r.mu.Lock()
	r.threads = append(r.threads, thread)
	r.mu.Unlock()
	return thread
}

// System returns an actor system that says nothing unless the test fails.
func System(t testing.TB) *actor.ActorSystem {
	system, _ := systemOf(t)
	return system
}

// Log is the beginning of what the system has logged.
func (r *Rig) Log() string { return r.log.String() }

func systemOf(t testing.TB) (*actor.ActorSystem, *log) {
	log := &log{}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the system's log:\n%s", log)
		}
	})
	return actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
			return slog.New(slog.NewTextHandler(log, nil))
		}),
		// Its timer is a goroutine that is left behind for so long.
		actor.WithDeadLetterThrottleInterval(time.Millisecond)), log
}

// log keeps the beginning of what is written to it.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.text.Len() < 16<<10 {
		l.text.Write(p)
	}
	return len(p), nil
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Shutdown ends everything now rather than when the test is over.
func (r *Rig) Shutdown() {
	r.T.Helper()
	r.mu.Lock()
	again, threads, actors := r.shut, r.threads, r.actors
	r.shut = true
	r.mu.Unlock()
	if again {
		return
	}
	r.Audit()
	for _, thread := range threads {
		shutdown(r.T, thread)
	}
	r.settle()
	for _, pid := range actors {
		r.Stop(pid)
	}
}

func shutdown(t testing.TB, thread *zmqthread.Thread) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := thread.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

// Actor spawns an actor of the test's own, which lives until the sockets are gone.
func (r *Rig) Actor(receive actor.ReceiveFunc) *actor.PID {
	pid := r.Root.Spawn(actor.PropsFromFunc(receive))
	r.mu.Lock()
	r.actors = append(r.actors, pid)
	r.mu.Unlock()
	return pid
}

// Spawn spawns a socket on r's thread.
func (r *Rig) Spawn(cfg socket.Config, opts ...actor.PropsOption) *actor.PID {
	return r.SpawnOn(r.Thread, cfg, opts...)
}

// SpawnOn spawns a socket on another thread of r's system.
func (r *Rig) SpawnOn(t *zmqthread.Thread, cfg socket.Config, opts ...actor.PropsOption) *actor.PID {
	return r.Props(socket.Props(t, cfg, opts...))
}

// SpawnSupervised spawns a socket with this guardian.
func (r *Rig) SpawnSupervised(guardian actor.SupervisorStrategy, cfg socket.Config, opts ...actor.PropsOption) *actor.PID {
	return r.Spawn(cfg, append(opts, actor.WithGuardian(guardian))...)
}

// Props spawns a socket of props.
func (r *Rig) Props(p *actor.Props) *actor.PID {
	pid := r.Root.Spawn(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sockets = append(r.sockets, pid)
	if Books != nil {
		if ledger := Books(r.System, pid); ledger != nil {
			r.books[pid.Id] = ledger
		}
	}
	return pid
}

// soon is a context for one call.
func soon() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), Patience)
}

// At returns the endpoints that socket pid is really bound to.
func (r *Rig) At(pid *actor.PID) []string {
	r.T.Helper()
	ctx, cancel := soon()
	defer cancel()
	at, err := socket.Endpoints(ctx, r.Root, pid)
	if err != nil {
		r.T.Fatalf("endpoints of %s: %v", pid.Id, err)
	}
	return at
}

// Peers waits until socket pid has n peers.
func (r *Rig) Peers(pid *actor.PID, n int) {
	r.T.Helper()
	ctx, cancel := soon()
	defer cancel()
	if err := socket.WaitPeers(ctx, r.Root, pid, n); err != nil {
		r.T.Fatalf("wait for %d peers of %s: %v", n, pid.Id, err)
	}
}

// Counts returns the ledger of socket pid.
func (r *Rig) Counts(pid *actor.PID) socket.Ledger {
	r.T.Helper()
	ctx, cancel := soon()
	defer cancel()
	l, err := socket.Counts(ctx, r.Root, pid)
	if err != nil {
		r.T.Fatalf("counts of %s: %v", pid.Id, err)
	}
	return l
}

// Ask is messages.Ask that must succeed.
func (r *Rig) Ask(pid *actor.PID, m *messages.Message) *messages.Message {
	r.T.Helper()
	ctx, cancel := soon()
	defer cancel()
	reply, err := messages.Ask(ctx, r.Root, pid, m)
	if err != nil {
		r.T.Fatal(err)
	}
	return reply
}

// Put is messages.Put that must succeed.
func (r *Rig) Put(pid *actor.PID, m any) {
	r.T.Helper()
	ctx, cancel := soon()
	defer cancel()
	if err := messages.Put(ctx, r.Root, pid, m); err != nil {
		r.T.Fatal(err)
	}
}

// Do has a live command carried out, which must succeed, and returns what it was answered.
func (r *Rig) Do(pid *actor.PID, command any) *messages.Done {
	r.T.Helper()
	ctx, cancel := soon()
	defer cancel()
	a, err := messages.Call(ctx, r.Root, pid, command)
	if err != nil {
		r.T.Fatalf("%T: %v", command, err)
	}
	done, ok := a.(*messages.Done)
	if !ok {
		r.T.Fatalf("%T: answered with %T %v", command, a, a)
	}
	return done
}

// Stop stops an actor and waits until it has.
func (r *Rig) Stop(pid *actor.PID) {
	r.T.Helper()
	if err := r.Root.StopFuture(pid).Wait(); err != nil && !errors.Is(err, actor.ErrDeadLetter) {
		r.T.Fatalf("stop %s: %v", pid.Id, err)
	}
}

// Poison lets an actor finish what it has and waits until it has stopped.
func (r *Rig) Poison(pid *actor.PID) {
	r.T.Helper()
	if err := r.Root.PoisonFuture(pid).Wait(); err != nil && !errors.Is(err, actor.ErrDeadLetter) {
		r.T.Fatalf("poison %s: %v", pid.Id, err)
	}
}
