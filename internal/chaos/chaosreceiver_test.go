package chaos

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// trap panics as often as it was set.
type trap struct{ set, sprung atomic.Int64 }

func (t *trap) step(on string) {
	for n := t.set.Load(); n > t.sprung.Load(); {
		if s := t.sprung.Load(); s < n && t.sprung.CompareAndSwap(s, s+1) {
			panic(on)
		}
	}
}

func (t *trap) idle() bool { return t.set.Load() == t.sprung.Load() }

// middleware is a socket actor's receiver middleware. It leaves alone what Proto.Actor cannot bear a
// panic over (facts P8).
func (t *trap) middleware(next actor.ReceiverFunc) actor.ReceiverFunc {
	return func(c actor.ReceiverContext, e *actor.MessageEnvelope) {
		switch e.Message.(type) {
		case *actor.Restarting, *actor.Stopping, *actor.Stopped:
		default:
			t.step("receiver middleware")
		}
		next(c, e)
	}
}

// receiver is the actor that a socket delivers to: one after the other, for each is stopped and
// replaced. It counts what they are handed and what they process.
type receiver struct {
	x    *world
	name string
	take func(c actor.Context, m *messages.Message)

	posted, got, dead atomic.Int64 // messages: into a mailbox, processed, sent to one that has stopped
	onPost, onTake    trap
	replaced          atomic.Int64

	mu  sync.Mutex
	pid *actor.PID // guarded by mu
}

func (x *world) receiver(name string, take func(actor.Context, *messages.Message)) *receiver {
	r := &receiver{x: x, name: name, take: take}
	x.receivers[name] = r
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spawn()
	return r
}

// spawn spawns the next. Caller holds mu.
func (r *receiver) spawn() {
	props := actor.PropsFromProducer(func() actor.Actor { return r }, actor.WithGuardian(r.x.restart),
		actor.WithMailbox(actor.Unbounded(r)))
	pid, err := r.x.Root.SpawnNamed(props, fmt.Sprintf("receiver of %s %d", r.name, r.replaced.Load()))
	if err != nil {
		r.x.T.Error(err)
		return
	}
	r.pid = pid
	r.x.byPID.Store(pid.Id, r)
}

// replace stops the one there is and attaches another.
func (r *receiver) replace() {
	r.mu.Lock()
	defer r.mu.Unlock()
	old, to := r.pid, r.x.sockets[r.name].pid
	r.x.Root.StopFuture(old).Wait()
	r.replaced.Add(1)
	r.spawn()
	r.x.ask(to, &socket.Detach{PID: old}, true) // or both get what arrives until its death is known
	r.x.ask(to, &socket.Attach{PID: r.pid}, false)
}

func (r *receiver) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.x.Root.StopFuture(r.pid).Wait()
}

func (r *receiver) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *messages.Message:
		r.got.Add(1)
		r.take(c, m)
	case *messages.Batch:
		r.got.Add(int64(m.Count))
		for _, one := range m.Messages() {
			r.take(c, one)
		}
		m.Release()
	default:
		return
	}
	r.onTake.step("receiver")
}

// MessagePosted implements actor.MailboxMiddleware, with the three others. It runs in the turn of
// the socket actor that hands a message over.
func (r *receiver) MessagePosted(m any) {
	if n := countOf(actor.UnwrapEnvelopeMessage(m)); n > 0 {
		r.onPost.step("mailbox middleware")
		r.posted.Add(n)
	}
}

func (r *receiver) MessageReceived(any) {}
func (r *receiver) MailboxStarted()     {}
func (r *receiver) MailboxEmpty()       {}

func countOf(m any) int64 {
	switch m := m.(type) {
	case *messages.Message:
		return 1
	case *messages.Batch:
		return int64(m.Count)
	}
	return 0
}

// countDead counts what was handed to a receiver that has stopped.
func (x *world) countDead(event any) {
	if e, ok := event.(*actor.DeadLetterEvent); ok && e.PID != nil {
		if r, ok := x.byPID.Load(e.PID.Id); ok {
			r.(*receiver).dead.Add(countOf(actor.UnwrapEnvelopeMessage(e.Message)))
		}
	}
}
