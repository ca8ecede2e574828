package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// config says how a kernel is run.
type config struct {
	Spec    spec
	Startup time.Duration // how long it may take to come up
	Beat    time.Duration // between two heartbeats, and how long one may take
	Beats   int           // so many heartbeats without an answer, and it is given up
	Probe   time.Duration // after the reply to a cell, until its end is looked after
	Queue   int           // so many cells may wait
	Events  *actor.PID    // gets up, down and gone; nil: nobody
	Restart *supervision.Backoff
}

const (
	grace  = 3 * time.Second  // for a kernel that is asked to end
	enough = 10 * time.Second // for what takes no time when all is well
)

func standard(s spec) config {
	return config{Spec: s, Startup: time.Minute, Beat: time.Second, Beats: 3, Probe: 200 * time.Millisecond, Queue: 64,
		Restart: &supervision.Backoff{Min: 100 * time.Millisecond, Max: 5 * time.Second, Retries: 5, Window: time.Minute}}
}

// counts is what was not accepted, in all lives together.
type counts struct {
	forged    atomic.Uint64 // messages with a wrong signature
	malformed atomic.Uint64 // and others that were none
	late      atomic.Uint64 // good ones that nobody waits for any more
	rejected  atomic.Uint64 // ours, which a socket did not take
}

// For the kernel, by messages.Call.
type (
	// Execute runs a cell, after those that wait. Answered with an *Outcome, also if the cell has failed, or
	// with an error: *lostError, *goneError, errFull. A caller that gives up has it interrupted.
	Execute struct {
		Code  string
		Out   *actor.PID // gets *Output as it comes, and *Question; nil: nobody, and no input
		Limit Limit
	}
	// Interrupt interrupts the cell that runs. Answered with *messages.Done when the kernel has been told.
	Interrupt struct{}
	// Shutdown asks the kernel to end, and kills it if it does not. Answered with *messages.Done.
	Shutdown struct{}
	// Ask is answered with *State.
	Ask struct{}
	// State is how things stand.
	State struct {
		Life, Pid                         int
		Up                                bool
		Waiting                           int
		Forged, Malformed, Late, Rejected uint64
	}
)

// kernel is the actor that users know. It supervises the lives of the kernel, one after the other, and keeps
// the cells that wait; they outlive the life, all but the one that runs.
type kernel struct {
	config
	thread *zmqthread.Thread
	counts counts
	lives  atomic.Int64 // begun

	life    *actor.PID
	up      *up   // nil: none is
	why     error // the last life is over
	told    int   // of which that is
	cells   int   // numbered
	waiting []waiting
	running *waiting
	over    bool // there will be no other life
	closers []*actor.PID
}

type waiting struct {
	run
	asker *actor.PID
}

// spawnKernel spawns a kernel. It is used by its PID alone.
func spawnKernel(system *actor.ActorSystem, t *zmqthread.Thread, cfg config) *actor.PID {
	return system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &kernel{config: cfg, thread: t} },
		actor.WithSupervisor(cfg.Restart)))
}

func (k *kernel) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		k.begin(c)
	case up:
		k.up = &m
		k.tell(c, m)
		k.next(c)
	case down:
		k.down(c, m)
	case gone:
		k.gone(c)
	case ran:
		k.ran(c, m)
	case *Execute:
		k.execute(c, m)
	case Interrupt:
		k.interrupt(c)
	case *messages.Cancelled:
		k.cancelled(c)
	case Shutdown:
		k.shutdown(c)
	case Ask:
		c.Respond(k.state())
	case *actor.Stopping:
		k.gone(c)
	}
}

// begin begins the first life; those that follow are restarts of the same actor. When one of its children
// fails, so does the life.
func (k *kernel) begin(c actor.Context) {
	root, self := c.ActorSystem().Root, c.Self()
	together := &supervision.Backoff{Decide: func(reason any) actor.Directive {
		err, ok := reason.(error)
		if !ok {
			err = fmt.Errorf("%v", reason)
		}
		root.Send(self, down{int(k.lives.Load()), fmt.Errorf("%w: %w", errBroken, err)})
		return actor.EscalateDirective
	}}
	var err error
	k.life, err = c.SpawnNamed(actor.PropsFromProducer(func() actor.Actor {
		return &life{config: k.config, n: int(k.lives.Add(1)), thread: k.thread, counts: &k.counts}
	}, actor.WithSupervisor(together)), "life")
	if err != nil {
		panic(err) // no other child has the name
	}
}

func (k *kernel) state() *State {
	s := &State{Life: int(k.lives.Load()), Up: k.up != nil, Waiting: len(k.waiting), Forged: k.counts.forged.Load(),
		Malformed: k.counts.malformed.Load(), Late: k.counts.late.Load(), Rejected: k.counts.rejected.Load()}
	if k.up != nil {
		s.Pid = k.up.pid
	}
	return s
}

func (k *kernel) tell(c actor.Context, event any) {
	if k.Events != nil {
		c.Send(k.Events, event)
	}
}
