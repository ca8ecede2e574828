package socket

import (
	"time"

	"github.com/sockeye-mq/sockeye/messages"
)

// req keeps ZeroMQ's strict turn: one request on the wire, the rest wait in the outbox. The reply
// goes to whoever sent the request; to the receivers if nobody did.
//
// A native REQ sticks when a reply is lost (facts Z9). This one does not: with ZMQ_REQ_RELAXED and
// ZMQ_REQ_CORRELATE the turn is free again as soon as the caller gives up or ReplyTimeout is over,
// and a reply that comes later matches nothing. Options.NoCorrelate gives that up.
type req struct {
	simple
	relaxed bool

	// Owned by the thread.
	asked bool
	asker *origin   // of the request on the wire; nil: nobody waits for its reply
	due   time.Time // when it is given up
}

func newReq(c Config) pattern {
	return &req{simple: simple{Req}, relaxed: !c.Options.NoCorrelate && !c.adopted()}
}

func (r *req) address(_ *box, m *messages.Message, _ *origin) ([][]byte, [][]byte, messages.Reason) {
	return nil, m.Frames, 0
}

func (r *req) maySend(b *box) int {
	if r.asked && r.asker != nil && r.asker.gone.Load() {
		r.giveUp()
	}
	if r.asked && !time.Now().Before(r.due) {
		b.refuse(r.asker, messages.Reason_TIMED_OUT, "no reply within "+b.cfg.ReplyTimeout.String())
		r.giveUp()
	}
	if r.asked {
		return 0
	}
	return 1
}

func (r *req) mayReceive() int {
	if r.asked {
		return 1
	}
	return 0
}

// giveUp frees the turn. A strict REQ has to wait for the reply all the same.
func (r *req) giveUp() { r.asked, r.asker = !r.relaxed, nil }

func (r *req) sent(b *box, o *origin) {
	r.asked, r.asker, r.due = true, nil, time.Now().Add(b.cfg.ReplyTimeout)
	if o.wantsReply() {
		r.asker = o
	}
	b.wakeAt(r.due)
}

func (r *req) took(*box, *messages.Batch) (*origin, bool) {
	asker := r.asker
	r.asked, r.asker = false, nil
	return asker, false
}

func (r *req) detached(b *box) {
	if r.asker != nil {
		b.refuse(r.asker, messages.Reason_FAILED, "the request was on the wire")
	}
	r.asked, r.asker = false, nil
}
