package socket

import "github.com/sockeye-mq/sockeye/messages"

// router sends to the peer whose identity is the message's first frame, and delivers messages
// behind the identity of the peer they came from. c.Respond in the receiver answers that peer;
// messages.Reply does the same later and as often as wanted.
//
// With ZMQ_ROUTER_MANDATORY, which is on unless Options.DropUnroutable, a message for a peer that
// does not exist comes back as messages.Rejected, and a full peer holds up those behind it in the
// outbox (facts Z10, Z15).
type router struct {
	simple
	*service
}

func newRouter(c Config) pattern {
	return &router{simple: simple{Router}, service: newService(c)}
}

func (r *router) address(_ *box, m *messages.Message, o *origin) ([][]byte, [][]byte, messages.Reason) {
	return r.route(m, o)
}

// route puts the identity in front of an answer; a message that was not an answer has it already.
func (s *service) route(m *messages.Message, o *origin) ([][]byte, [][]byte, messages.Reason) {
	if o.asks() {
		return nil, nil, messages.Reason_UNSUPPORTED
	}
	id := o.requestOf(m)
	route, ok := s.take(id)
	switch {
	case m.Envelope > 0 && (id == m.Request || o.answers() == 0):
		return nil, m.Frames, 0 // Reply, or an echo
	case o.answers() == 0 && len(m.Frames) < 2:
		return nil, nil, messages.Reason_MALFORMED // an identity and nothing to say
	case o.answers() == 0:
		return nil, m.Frames, 0
	case !ok:
		return nil, nil, messages.Reason_NO_REQUEST
	}
	return route, m.Body(), 0
}

func (r *router) detached(b *box) { r.forget(b) }

func (r *router) arrived(b *box, m *messages.Message) arrival {
	return r.routed(b, m, messages.EnvelopeOf(m.Frames))
}

func (s *service) routed(b *box, m *messages.Message, end int) arrival {
	id := s.begin(b, m.Frames[:end])
	m.Envelope, m.Request = uint32(end), id
	return arrival{message: m, sender: b.answerTo(id), trace: b.traceIn(m.Frames[:end])}
}
