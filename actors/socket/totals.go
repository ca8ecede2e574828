package socket

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// Totals are what the sockets of one type on one thread that have stopped have counted, all together.
type Totals struct {
	Type    zmq.Type
	Thread  string // the id of the thread's PID; "": none was given
	Sockets uint64
	Ledger  Ledger

	Stalls, Restarts, Reopens, HandshakeFailures, Disconnects uint64
}

// group is the sockets that are counted together.
type group struct {
	typ    zmq.Type
	thread string
}

// Census is how every socket of the system is, in no order, and beside it what those have counted that had stopped before. Each
// socket there ever was is in one of them, so that sums over both never fall while sockets come and go. Among the live,
// other than in All, are those that have stopped and whose thread may still book something (StateStopped). The totals of
// threads that have ended are kept while there are few, up to 256 with those of all others.
func Census(system *actor.ActorSystem) (live iter.Seq[*Status], stopped []Totals) {
	r := rosterOf(system)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.totals {
		c := *t
		c.Ledger.Discarded, c.Ledger.Dropped = maps.Clone(t.Ledger.Discarded), maps.Clone(t.Ledger.Dropped)
		stopped = append(stopped, c)
	}
	slices.SortFunc(stopped, func(a, b Totals) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Thread, b.Thread))
	})
	boxes := r.all()
	return func(yield func(*Status) bool) {
		for _, b := range boxes {
			if !yield(b.status()) {
				return
			}
		}
	}, stopped
}

// all is everything that is in no totals. Caller holds mu.
func (r *roster) all() []*box {
	return slices.AppendSeq(slices.Collect(maps.Keys(r.boxes)), maps.Values(r.unsettled))
}

// keepTotals is how many totals are kept before those of threads that have ended are given up.
const keepTotals = 256

// retire adds a socket that has stopped to the totals. Caller holds mu.
func (r *roster) retire(system *actor.ActorSystem, last *Status) {
	g := groupOf(last)
	t := r.totals[g]
	if t == nil {
		if len(r.totals) >= keepTotals {
			r.prune(system)
		}
		t = &Totals{Type: g.typ, Thread: g.thread, Ledger: Ledger{Discarded: map[string]uint64{}, Dropped: map[string]uint64{}}}
		r.totals[g] = t
	}
	t.Sockets++
	t.Ledger.add(&last.Ledger)
	t.Stalls += last.Stalls
	t.Restarts += max(last.Incarnations, 1) - 1
	t.Reopens += max(last.Opens, 1) - 1
	t.HandshakeFailures += last.HandshakeFailures
	t.Disconnects += last.Disconnects
}

func groupOf(s *Status) group {
	if s.Thread == nil {
		return group{typ: s.Type}
	}
	return group{s.Type, s.Thread.Id}
}

// prune gives up the totals of threads that are no more. Caller holds mu.
func (r *roster) prune(system *actor.ActorSystem) {
	runs := map[string]bool{"": true}
	for _, t := range zmqthread.Threads(system) {
		runs[t.PID().Id] = true
	}
	for _, b := range r.all() {
		if b.thread != nil { // it will be added to them
			runs[b.thread.PID().Id] = true
		}
	}
	maps.DeleteFunc(r.totals, func(g group, _ *Totals) bool { return !runs[g.thread] })
}

// settle moves a socket to the totals once nothing more is booked.
func (r *roster) settle(pid *actor.PID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.unsettled[pid]
	if b == nil {
		return // it has not left yet, and will with all that was booked
	}
	delete(r.unsettled, pid)
	last := b.status()
	r.retire(b.system, last)
	if at := slices.IndexFunc(r.gone, func(s *Status) bool { return s.PID == pid }); at >= 0 {
		last.Reason = r.gone[at].Reason
		r.gone[at] = last
	}
}

// add adds o.
func (l *Ledger) add(o *Ledger) {
	for _, n := range []struct{ to, from *uint64 }{
		{&l.Accepted, &o.Accepted}, {&l.Taken, &o.Taken}, {&l.TakenBytes, &o.TakenBytes}, {&l.DeadLettered, &o.DeadLettered},
		{&l.Queued, &o.Queued}, {&l.QueuedBytes, &o.QueuedBytes}, {&l.Rejected, &o.Rejected}, {&l.Resent, &o.Resent},
		{&l.Received, &o.Received}, {&l.ReceivedBytes, &o.ReceivedBytes}, {&l.Delivered, &o.Delivered}, {&l.Held, &o.Held},
		{&l.Undelivered, &o.Undelivered}, {&l.Skipped, &o.Skipped},
	} {
		*n.to += *n.from
	}
	for reason, n := range o.Discarded {
		l.Discarded[reason] += n
	}
	for reason, n := range o.Dropped {
		l.Dropped[reason] += n
	}
}
