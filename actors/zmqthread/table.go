package zmqthread

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/native"
	"github.com/sockeye-mq/sockeye/messages"
)

// table is every native socket of a thread, by the id of its owner's PID. It belongs to the thread,
// not to the poll actor, whose next incarnation takes it over as it is. Owned by the thread.
type table struct {
	thread  *Thread
	owners  map[string]*owner
	leaving map[*Link]bool  // closed, and libzmq still at work on it; the owner may be gone
	queue   []servable      // to be served in the next turn
	spare   []servable      // the queue before, for its memory
	scratch *messages.Batch // what is received into

	inHand   any        // the *Open or *Do that is being carried out, and
	inHandOf *actor.PID // its sender: both are answered if the poll actor dies over it
	down     bool       // Shutdown was called
	draining *actor.PID // who waits for the last owner to go
}

// owner is an actor that has asked for a socket; link is nil while it has none.
type owner struct {
	pid     *actor.PID
	link    *Link
	leaving *Link // the one before, which has failed and which libzmq has yet to let go of
	waiting *Open // what comes then
}

// ended is what the Port of whoever has the socket, or waits for one, says.
func (o *owner) ended() (linger time.Duration, ended bool) {
	switch {
	case o.link != nil:
		return o.link.port.Ended()
	case o.waiting != nil:
		return o.waiting.Port.Ended()
	}
	return 0, true
}

// succeeded reports whether somebody else has taken the name.
func (o *owner) succeeded() bool {
	_, ended := o.ended()
	return !ended
}

// servable is something with a descriptor: a link, its monitor, or the bell.
type servable interface {
	// serve runs on the thread within a budget and reports whether it wants another turn.
	serve() (again bool, err error)
	// state is the servable's place in the queue.
	state() *place
}

type place struct {
	queued bool
	gone   bool // closed: not to be served any more
}

func newTable(t *Thread) table {
	return table{thread: t, owners: map[string]*owner{}, leaving: map[*Link]bool{}, scratch: messages.NewBatch()}
}

// ready notes what a poll reports.
func (t *table) ready(token any) {
	switch x := token.(type) {
	case *bell:
		x.hush()
	case *Link:
		x.reported = true
		t.enqueue(x)
	case servable:
		t.enqueue(x)
	}
}

func (t *table) enqueue(x servable) {
	if p := x.state(); !p.queued && !p.gone {
		p.queued = true
		t.queue = append(t.queue, x)
	}
}

// dequeue empties the queue and returns what was in it, until the next dequeue.
func (t *table) dequeue() []servable {
	now := t.queue
	clear(t.spare)
	t.queue, t.spare = t.spare[:0], now
	return now
}

// takeOver makes every socket look for work: the incarnation before may have died over any of them.
func (t *table) takeOver() {
	for _, x := range t.queue {
		x.state().queued = false
	}
	for _, x := range t.spare {
		if x != nil {
			x.state().queued = false
		}
	}
	t.queue = t.queue[:0]
	t.enqueueAll()
}

func (t *table) enqueueAll() {
	for l := range t.leaving {
		t.enqueue(l.monitor)
	}
	for _, o := range t.owners {
		if l := o.link; l != nil && !l.place.gone {
			l.kicked.Store(false)
			l.reported = true
			t.enqueue(l)
			if l.monitor != nil {
				t.enqueue(l.monitor)
			}
		}
	}
}

func (t *table) owner(pid *actor.PID) *owner {
	o := t.owners[pid.Id]
	if o == nil {
		o = &owner{pid: pid}
		t.owners[pid.Id] = o
		t.thread.sockets.Add(1)
	}
	return o
}

func (t *table) pids() []*actor.PID {
	var pids []*actor.PID
	for _, o := range t.owners {
		pids = append(pids, o.pid)
	}
	slices.SortFunc(pids, func(a, b *actor.PID) int {
		if a.Id < b.Id {
			return -1
		}
		return 1
	})
	return pids
}

func (t *table) limit(messages int, maxMessage int64) native.Limit {
	return native.Limit{Messages: messages, Bytes: t.thread.cfg.TurnBytes, Message: maxMessage, Copy: copyReceived}
}
