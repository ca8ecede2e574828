package socket

import (
	"fmt"
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
	wire  carried   // the request, if it may have to be sent again
}

func newReq(c Config) pattern {
	if c.Trace != TraceOff && !c.adopted() {
		return newTracedReq()
	}
	return &req{simple: simple{Req}, relaxed: !c.Options.NoCorrelate && !c.adopted()}
}

func (r *req) address(_ *box, m *messages.Message, _ *origin) ([][]byte, [][]byte, messages.Reason) {
	return nil, m.Frames, 0
}

func (r *req) maySend(b *box) int {
	if r.asked && r.asker != nil && r.asker.gone.Load() {
		r.giveUp()
	}
	switch {
	case !r.asked:
		return 1
	case time.Now().Before(r.due):
		b.wakeAt(r.due) // the alarm may have been an earlier request's
	default:
		r.expire(b)
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

// expire gives up a request that was not answered in time, or has the native socket fail, so that it
// is sent again on the next: the server may have come back elsewhere, or this connection may be stuck.
func (r *req) expire(b *box) {
	if r.wire.frames != nil && r.wire.tries <= b.cfg.Retries && b.cfg.Retries > 0 {
		b.mu.Lock()
		b.trouble(&NoReplyError{b.cfg.ReplyTimeout, r.wire.tries})
		b.mu.Unlock()
		return
	}
	detail := "no reply within " + b.cfg.ReplyTimeout.String()
	if r.wire.tries > 1 {
		detail = fmt.Sprintf("%s, tried %d times", detail, r.wire.tries)
	}
	b.refuse(r.asker, messages.Reason_TIMED_OUT, detail)
	r.giveUp()
}

// giveUp frees the turn. A strict REQ has to wait for the reply all the same.
func (r *req) giveUp() { r.asked, r.asker, r.wire = !r.relaxed, nil, carried{} }

func (r *req) sent(b *box, o *origin) {
	r.asked, r.asker, r.due = true, nil, time.Now().Add(b.cfg.ReplyTimeout)
	r.wire = b.onWire
	r.wire.tries++
	if o.wantsReply() {
		r.asker = o
	}
	b.wakeAt(r.due)
}

func (r *req) took(b *box, _ *messages.Batch) (*origin, bool) {
	asker := r.asker
	r.asked, r.asker, r.wire = false, nil, carried{}
	b.noTrouble() // it came at the last moment
	return asker, false
}

func (r *req) detached(b *box) {
	again := r.wire.frames != nil && (b.cfg.Retry || r.wire.tries <= b.cfg.Retries)
	switch {
	case r.asked && again:
		c := r.wire
		c.from = r.asker
		b.again = append(b.again, &c)
	case r.asker != nil:
		b.refuse(r.asker, messages.Reason_FAILED, lostOnWire)
	}
	r.asked, r.asker, r.wire = false, nil, carried{}
}

// orphaned is for connections that were made by a name. A strict REQ cannot send again.
func (r *req) orphaned(b *box) {
	if r.relaxed {
		r.detached(b)
	}
}
