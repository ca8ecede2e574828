package socket

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// tracedReq is a req whose requests carry a context: [number, context, "", frames…]. A native REQ makes its
// envelope itself and has no place for one. So it is opened as a native DEALER that speaks REQ's wire, as
// with ZMQ_REQ_CORRELATE, and keeps the turns itself: a reply counts if it has the number of the request on
// the wire. Others are dropped and counted as late; libzmq's REQ drops them, too.
type tracedReq struct {
	req
	last uint32                   // guarded by box.mu: the number of the last request
	open atomic.Pointer[question] // stored by the thread; whoever has the reply puts nil there
}

// question is the request on the wire. Immutable.
type question struct {
	number uint32
	asker  *origin // as req.asker
}

func newTracedReq() pattern {
	var seed [4]byte
	rand.Read(seed[:])
	return &tracedReq{req: req{simple: simple{Req}, relaxed: true}, last: binary.BigEndian.Uint32(seed[:])}
}

func (*tracedReq) native() zmq.Type { return Dealer }

func (r *tracedReq) address(_ *box, m *messages.Message, o *origin) ([][]byte, [][]byte, messages.Reason) {
	r.last++
	number := binary.BigEndian.AppendUint32(nil, r.last)
	if t := o.context(); t != nil {
		return [][]byte{number, t.frame(maxEnvelopeTrace), {}}, m.Frames, 0
	}
	return [][]byte{number, {}}, m.Frames, 0
}

func (r *tracedReq) maySend(b *box) int {
	if r.asked && r.open.Load() == nil {
		r.req.took(b, nil) // the actor had the reply
	}
	n := r.req.maySend(b)
	if !r.asked {
		r.open.Store(nil)
	}
	return n
}

func (r *tracedReq) sent(b *box, o *origin) {
	var number string
	if b.twice {
		number = string(b.onWire.frames[0])
	} else {
		number = b.out.peer()
	}
	r.req.sent(b, o)
	r.open.Store(&question{binary.BigEndian.Uint32([]byte(number)), r.asker})
}

// took ends the turn if the reply is here and somebody waits for it: the way of most. Else the actor has a
// look, also at a large one, which nobody can read on the thread.
func (r *tracedReq) took(b *box, batch *messages.Batch) (*origin, bool) {
	q := r.open.Load()
	if q == nil || q.asker == nil || batch.Count != 1 {
		return nil, false
	}
	end := q.answeredBy(framesOf(batch.Data, batch.Lens[:min(len(batch.Lens), 4)]))
	if end == 0 || !r.open.CompareAndSwap(q, nil) {
		return nil, false
	}
	envelope := 0
	for _, l := range batch.Lens[:end] {
		envelope += int(l &^ messages.More)
	}
	batch.Data = append(batch.Data[:0], batch.Data[envelope:]...) // it must keep its capacity
	batch.Lens = append(batch.Lens[:0], batch.Lens[end:]...)
	return r.req.took(b, batch)
}

// answeredBy is how many frames are in front of the reply, 0 if these are not that.
func (q *question) answeredBy(f [][]byte) int {
	if end := requestEnvelope(f); end > 1 && len(f[0]) == 4 && binary.BigEndian.Uint32(f[0]) == q.number {
		return end
	}
	return 0
}

func (r *tracedReq) arrived(b *box, m *messages.Message) arrival {
	q := r.open.Load()
	if q == nil {
		return arrival{drop: late}
	}
	end := q.answeredBy(m.Frames)
	if end == 0 || !r.open.CompareAndSwap(q, nil) {
		return arrival{drop: late}
	}
	b.kick() // the next has its turn
	return arrival{
		message: &messages.Message{Frames: m.Frames[end:]}, asker: q.asker, trace: b.traceIn(m.Frames[:end]),
	}
}

func (r *tracedReq) detached(b *box) {
	if r.asked && r.open.Swap(nil) == nil {
		r.req.took(b, nil) // the actor had the reply
	}
	r.req.detached(b)
}

func (r *tracedReq) orphaned(b *box) { r.detached(b) }
