package zmqthread

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
	"github.com/sockeye-mq/sockeye/messages"
)

// Thread is one OS thread that owns native sockets, and the actor.Dispatcher of the poll actor
// that runs on it. All methods may be called from any goroutine.
type Thread struct {
	cfg     Config
	system  *actor.ActorSystem
	pid     *actor.PID
	context *sharedContext
	mailbox *mailbox
	done    chan struct{} // closed when the OS thread has ended
	closer  closer
	sockets atomic.Int64 // owners in the table

	meter     meter
	leftovers leftovers
	buried    chan struct{} // closed when libzmq has let go of every socket in the thread's context

	mu      sync.Mutex
	turns   []func() // guarded by mu
	kicked  []*Link  // guarded by mu: sockets with something new from outside
	asleep  bool     // guarded by mu: in zmq_poll, or about to be; one ring is still to come
	closing bool     // guarded by mu

	bell *bell
	woke atomic.Bool // a Port has made a goroutine runnable in this round
	news uint32      // atomic: 1 when work has come from outside since take; for a spinning thread

	// Owned by the thread.
	table    table
	poller   native.Poller
	spinner  native.Spinner // the same if it can, which is edge-triggered then; otherwise nil
	now      []func()       // turns of this round that have not run; a Goexit leaves some
	nowLinks []*Link        // and the links that were kicked

	spin       spin
	complained time.Time // that it cannot poll
}

// Start starts a thread and the poll actor on it. It returns once the thread runs.
func Start(system *actor.ActorSystem, cfg Config) (*Thread, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	t := &Thread{cfg: cfg, system: system, done: make(chan struct{}), buried: make(chan struct{})}
	t.meter.started = time.Now()
	t.mailbox = &mailbox{thread: t}
	t.table = newTable(t)
	t.spin.limit = max(cfg.Spin, 0)
	if err := t.acquire(); err != nil {
		return nil, fmt.Errorf("zmqthread: %w", err)
	}
	running := make(chan struct{})
	go t.run(func() { close(running) })
	<-running
	if err := t.spawn(); err != nil {
		t.end()
		<-t.done
		return nil, errors.Join(fmt.Errorf("zmqthread: spawn poll actor: %w", err), t.context.release())
	}
	t.enroll()
	return t, nil
}

// acquire gets what is native: context, poller, bell.
func (t *Thread) acquire() (err error) {
	if t.context, err = contextFor(t.cfg); err != nil {
		return fmt.Errorf("new context: %w", err)
	}
	if t.poller, err = t.cfg.Native.NewPoller(); err != nil {
		return errors.Join(err, t.context.release())
	}
	t.spinner, _ = t.poller.(native.Spinner)
	if t.bell, err = newBell(t.context); err == nil {
		err = t.poller.Add(t.bell.in, t.bell)
	}
	if err != nil {
		if t.bell != nil {
			t.bell.close()
		}
		t.poller.Close()
		return errors.Join(fmt.Errorf("wake-up: %w", err), t.context.release())
	}
	return nil
}

func (t *Thread) spawn() (err error) {
	name := t.cfg.Name
	if name == "" {
		name = "zmq" + t.system.ProcessRegistry.NextId()
	}
	t.pid, err = t.system.Root.SpawnNamed(actor.PropsFromProducer(
		func() actor.Actor { return newPoller(t) },
		actor.WithDispatcher(t),
		actor.WithMailbox(func() actor.Mailbox { return t.mailbox }),
		actor.WithGuardian(reviver)), name)
	return err
}

var reviver = &revive{}

// PID addresses the poll actor.
func (t *Thread) PID() *actor.PID { return t.pid }

// System is the actor system that the thread belongs to.
func (t *Thread) System() *actor.ActorSystem { return t.system }

// Sockets is how many actors have a socket on this thread, or want one.
func (t *Thread) Sockets() int { return int(t.sockets.Load()) }

// Schedule implements actor.Dispatcher.
func (t *Thread) Schedule(turn func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.done:
		go turn() // a late Watch or Stop must still be answered
	default:
		t.turns = append(t.turns, turn)
		t.wake()
	}
}

// Throughput implements actor.Dispatcher: commands in one turn before the sockets get theirs.
func (t *Thread) Throughput() int { return 64 }

// kick makes the thread serve l soon.
func (t *Thread) kick(l *Link) {
	t.mu.Lock()
	t.kicked = append(t.kicked, l)
	t.wake()
	t.mu.Unlock()
}

// wake ends the thread's sleep, once for each sleep. Caller holds mu.
func (t *Thread) wake() {
	atomic.StoreUint32(&t.news, 1)
	if t.asleep {
		t.asleep = false
		t.meter.rings++
		t.bell.ring()
	}
}

// end lets the thread finish.
func (t *Thread) end() {
	t.mu.Lock()
	t.closing = true
	t.wake()
	t.mu.Unlock()
}

// run is the thread. A Goexit in somebody's code ends the goroutine and its OS thread, but not the
// work: another thread goes on with the same table.
func (t *Thread) run(started func()) {
	runtime.LockOSThread() // never unlocked: the OS thread ends with the goroutine
	over := false
	defer func() {
		if !over {
			go t.run(func() {})
		}
	}()
	t.bell.hush() // its descriptor says nothing until it was read once (facts Z3)
	started()
	for !t.round() {
	}
	over = true
	t.finish()
	t.poller.Remove(t.bell.in)
	t.bell.close()
	t.awaitLeaving()
	t.poller.Close()
}

// finish runs the turns that came too late for the last round.
func (t *Thread) finish() {
	t.mu.Lock()
	turns := t.turns
	t.turns = nil
	t.leftovers.links = maps.Clone(t.table.leaving)
	close(t.done)
	t.mu.Unlock()
	t.unenroll()
	for _, turn := range turns {
		go turn()
	}
}

// round is one turn of everything: actors, sockets, sleep.
func (t *Thread) round() (over bool) {
	closing := t.take()
	ran := len(t.now)
	for len(t.now) > 0 {
		turn := t.now[0]
		t.now = t.now[1:]
		turn() // Receive of the poll actor, on this thread
	}
	busy := t.mailbox.serve(t.nowLinks)
	clear(t.nowLinks)
	t.nowLinks = t.nowLinks[:0]
	if closing && ran == 0 {
		return true
	}
	t.wait(busy)
	return false
}

// take moves what has come from outside into this round.
func (t *Thread) take() (closing bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	atomic.StoreUint32(&t.news, 0)
	t.meter.rounds++
	t.meter.idle += t.meter.spun
	t.meter.spun = 0
	if len(t.now) == 0 {
		t.now, t.turns = t.turns, t.now[:0]
	} else {
		t.now, t.turns = append(t.now, t.turns...), nil
	}
	t.nowLinks = append(t.nowLinks, t.kicked...)
	clear(t.kicked)
	t.kicked = t.kicked[:0]
	return t.closing
}

// wait sleeps until a socket or the bell has something, unless there is work already, and notes
// what is ready.
func (t *Thread) wait(busy bool) {
	t.handOn()
	if !busy && t.spinFor() {
		return
	}
	t.mu.Lock()
	block := !busy && len(t.turns)+len(t.kicked) == 0 && !t.closing
	t.asleep = block // from here on, whoever brings work rings
	if block {
		t.meter.waits = t.spin.began
	}
	t.mu.Unlock()
	err := t.poller.Wait(block, t.table.ready)
	if block {
		t.mu.Lock()
		t.asleep = false
		waited := time.Since(t.spin.began)
		t.meter.waits = time.Time{}
		t.meter.idle += waited
		t.meter.sleeps++
		t.mu.Unlock()
		t.spin.over(waited)
	}
	if err != nil {
		t.cannotPoll(err)
	}
}

// cannotPoll has every socket say for itself what is wrong: the one that it is about fails, and the
// others go on.
func (t *Thread) cannotPoll(err error) {
	t.table.enqueueAll()
	if now := time.Now(); now.Sub(t.complained) >= time.Second {
		t.complained = now
		go t.system.Logger().Error("sockeye: the ZeroMQ thread cannot poll", "thread", t.pid, "error", err)
	}
}

// call asks the poll actor.
func (t *Thread) call(ctx ctx, question any) error {
	_, err := messages.Call(ctx, t.system.Root, t.pid, question)
	return err
}
