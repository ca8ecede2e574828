package socket

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// origin is who sent a message, and what they wait for.
type origin struct {
	pid     *actor.PID // nil: nobody wants to know
	waits   bool       // for exactly one answer: a messages.Caller or a Future
	offers  bool       // and that is Taken, not a reply
	accept  bool       // Taken as soon as it is accepted
	request uint32     // what was sent answers this request
	number  uint64     // of a correlated request
	taken   bool       // guarded by box.mu: libzmq has it
	kept    [][]byte   // of a correlated request, if it may have to be sent again. Owned by the thread
	pending int        // guarded by box.mu: messages of an offer that libzmq has yet to take, where each counts
	gone    atomic.Bool

	trace *traceContext // immutable: what was sent belongs to it; nil: to none
}

func newOrigin(pid *actor.PID, request uint32) *origin {
	if pid == nil && request == 0 {
		return nil
	}
	return &origin{pid: pid, request: request, waits: messages.Waits(pid)}
}

func (o *origin) sender() *actor.PID {
	if o == nil {
		return nil
	}
	return o.pid
}

func (o *origin) asks() bool { return o != nil && o.waits && !o.offers }

// expects: it waits for an answer, of which there is one at most.
func (o *origin) expects() bool { return o != nil && (o.waits || o.offers) }

func (o *origin) put() bool        { return o != nil && o.offers && !o.accept }
func (o *origin) wantsReply() bool { return o != nil && !o.offers }

func (o *origin) mayWait() bool { return o.sender() != nil && (o.waits || o.offers) }

// answers is the number of the request that c.Respond answered, 0 for an ordinary send.
func (o *origin) answers() uint32 {
	if o == nil {
		return 0
	}
	return o.request
}

// requestOf is the request that m answers.
func (o *origin) requestOf(m *messages.Message) uint32 {
	if id := o.answers(); id != 0 {
		return id
	}
	return m.Request
}

// nameOf is a PID's name among all nodes: ids are numbered on each.
func nameOf(pid *actor.PID) string { return pid.Address + "/" + pid.Id }

// enroll notes that somebody waits. Caller holds mu.
func (b *box) enroll(o *origin) {
	b.calls[o] = true
	if len(b.calls) > b.sweepAt {
		b.sweep()
	}
	if o.waits {
		b.callers[nameOf(o.pid)] = o
	}
}

// sweep forgets Futures that have timed out, for they do not say so. Caller holds mu.
func (b *box) sweep() {
	for o := range b.calls {
		if o.pid.Address != b.self.GetAddress() || !strings.HasPrefix(o.pid.Id, "future$") {
			continue
		}
		if _, alive := b.system.ProcessRegistry.GetLocal(o.pid.Id); !alive {
			o.gone.Store(true)
			b.finish(o)
		}
	}
	b.sweepAt = 2*len(b.calls) + 1024
}

// finish ends a wait and reports whether it was still on. Caller holds mu.
func (b *box) finish(o *origin) bool {
	if o == nil || !b.calls[o] {
		return false
	}
	delete(b.calls, o)
	delete(b.asked, o.number)
	if b.callers[nameOf(o.pid)] == o {
		delete(b.callers, nameOf(o.pid))
	}
	return true
}

// answered finds who waits for the reply to a correlated request.
func (b *box) answered(number uint64) *origin {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.asked[number]
	if o == nil || o.gone.Load() {
		return nil
	}
	delete(b.asked, number)
	return o
}

// cancel forgets a sender that no longer waits.
func (b *box) cancel(from *actor.PID) {
	if from == nil {
		return
	}
	b.mu.Lock()
	o := b.callers[nameOf(from)]
	if o != nil {
		o.gone.Store(true)
		b.finish(o)
		b.waiting = slices.DeleteFunc(b.waiting, func(w *offer) bool { return w.from == o })
		b.letIn() // it may have been in front of somebody for whom there is room
	}
	for i := range b.requests {
		if f := b.requests[i].from; f != nil && f.Equal(from) { // Proto.Actor's Equal wants a PID
			b.requests[i].gone = true
		}
	}
	b.peers.cancel(from)
	b.mu.Unlock()
	b.kick() // it may have been its turn
}

// refuse answers somebody who waits for a reply that will not come. On any goroutine.
func (b *box) refuse(o *origin, reason messages.Reason, detail string) {
	if o == nil {
		return
	}
	b.mu.Lock()
	b.refuseLocked(o, reason, detail)
	post := b.nudge()
	b.mu.Unlock()
	post()
}

func (b *box) refuseLocked(o *origin, reason messages.Reason, detail string) {
	if o.expects() && !b.finish(o) {
		return // has its answer, or does not want one any more
	}
	b.write(o.pid, b.rejection(nil, reason, detail))
}

// refuseAsked answers everybody whose correlated request libzmq has taken.
func (b *box) refuseAsked(detail string) {
	b.mu.Lock()
	for _, o := range b.asked {
		if o.taken {
			b.refuseLocked(o, messages.Reason_FAILED, detail)
		}
	}
	post := b.nudge()
	b.mu.Unlock()
	post()
}

// turnAway answers those who waited for room in an outbox that accepts nothing more.
func (b *box) turnAway(offers []*offer) {
	for _, o := range offers {
		b.mu.Lock()
		wanted := b.finish(o.from)
		b.books.rejected += uint64(o.n)
		why := b.sealed
		b.mu.Unlock()
		if wanted {
			b.dismiss(o.first(), o.from, why)
		}
	}
}

// dismiss answers the sender of something that the socket, which has stopped or is stopping, does
// not send. Who waits for an answer learns why; others get their message back.
func (b *box) dismiss(x any, from *origin, why error) {
	if from.expects() {
		b.system.Root.Send(from.pid, b.farewell(why))
		return
	}
	b.giveBack(x, from.sender(), messages.Reason_STOPPED, why.Error())
}

// answerAtOnce gives the reply to a caller of messages.Ask right here, on the ZeroMQ thread: one hop
// less, and no code of users runs. Anybody else's goes through the actor.
func (b *box) answerAtOnce(o *origin, batch *messages.Batch) bool {
	if o == nil || batch.Count != 1 || !b.isCaller(o.pid) {
		return false
	}
	reply := batch.Clone().Messages()[0]
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return false
	}
	b.books.received++
	b.books.receivedBytes += uint64(len(batch.Data))
	if b.finish(o) {
		b.books.delivered++
		b.write(o.pid, reply)
		b.woke()
	} else {
		b.books.dropped[late]++
	}
	return true
}

// isCaller reports whether pid is a messages.Caller of this system.
func (b *box) isCaller(pid *actor.PID) bool {
	return pid.GetAddress() == b.self.GetAddress() && strings.HasPrefix(pid.GetId(), "ask$")
}

// write sends an answer. A caller of messages.Call is told at once: its process is ours and only
// fills a channel. Everybody else's code runs in the actor. Caller holds mu, and nudges.
func (b *box) write(to *actor.PID, message any) {
	if to == nil {
		return
	}
	if b.isCaller(to) {
		if p, ok := b.system.ProcessRegistry.GetLocal(to.Id); ok {
			p.SendUserMessage(to, message)
		}
		return
	}
	b.letters = append(b.letters, letter{to, message})
}
