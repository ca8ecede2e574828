package socket

import (
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// rep delivers requests; c.Respond in the receiver is the reply, however late and in whatever
// order. A message that is sent to the socket without saying which request it answers is the reply
// if exactly one is in service.
//
// It is opened as a native ROUTER that speaks REP's wire: many requests are in service at once, and
// one that nobody answers wedges nothing; it is given up after ReplyTimeout. Two clients that set
// the same identity cannot be told apart, which a native REP could; the second is refused.
//
// An adopted REP is a native one and takes its turns one by one.
type rep struct {
	simple
	*service // who is to be answered

	strict bool // native REP
	owes   bool // strict: a request was received and not answered. Owned by the thread.
}

func newRep(c Config) pattern {
	return &rep{simple: simple{Rep}, service: newService(c), strict: c.adopted()}
}

func (r *rep) native() zmq.Type {
	if r.strict {
		return Rep
	}
	return Router
}

func (r *rep) address(b *box, m *messages.Message, o *origin) ([][]byte, [][]byte, messages.Reason) {
	if o.asks() {
		return nil, nil, messages.Reason_UNSUPPORTED
	}
	id := o.requestOf(m)
	if id == 0 && len(r.byID) == 1 {
		id = r.first.id // it can be meant for no other
	}
	route, ok := r.take(id)
	if !ok {
		return nil, nil, messages.Reason_NO_REQUEST
	}
	return route, m.Body(), 0
}

func (r *rep) maySend(*box) int {
	if r.strict && !r.owes {
		return 0
	}
	return unlimited
}

func (r *rep) mayReceive() int {
	if !r.strict {
		return unlimited
	}
	if r.owes {
		return 0
	}
	return 1
}

func (r *rep) sent(*box, *origin) { r.owes = false }

func (r *rep) took(*box, *messages.Batch) (*origin, bool) {
	r.owes = true
	return nil, false
}

func (r *rep) detached(b *box) {
	r.owes = false
	r.forget(b)
}

// arrived splits a request behind its envelope: everything up to the first empty frame. As libzmq's
// REP does, it drops what has no such frame or nothing behind it.
func (r *rep) arrived(b *box, m *messages.Message) arrival {
	end := 0
	if !r.strict {
		if end = delimiter(m.Frames); end == 0 {
			return arrival{drop: malformed}
		}
	}
	id, envelope := r.begin(b, m.Frames[:end]), m.Frames[:end]
	m = &messages.Message{Frames: m.Frames[end:], Request: id}
	return arrival{message: m, sender: b.answerTo(id), trace: b.traceIn(envelope)}
}

// maxHops is how many frames an envelope may have: one for every ROUTER on the way.
const maxHops = 64

// delimiter is where the body begins, 0 if there is none.
func delimiter(frames [][]byte) int {
	for i, f := range frames[:min(len(frames), maxHops)] {
		if i > 0 && len(f) == 0 && i+1 < len(frames) {
			return i + 1
		}
		if len(f) > 255 {
			return 0 // no identity is so long
		}
	}
	return 0
}
