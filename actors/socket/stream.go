package socket

import "github.com/sockeye-mq/sockeye/messages"

// stream talks raw TCP: a message is [identity, bytes]. An empty one arrives when a peer has come
// or gone, and closes the connection when it is sent (zmq_socket(3)).
type stream struct {
	simple
	*service
}

func newStream(c Config) pattern {
	return &stream{simple: simple{Stream}, service: newService(c)}
}

func (s *stream) address(_ *box, m *messages.Message, o *origin) ([][]byte, [][]byte, messages.Reason) {
	if o.answers() != 0 && len(m.Body()) != 1 {
		return nil, nil, messages.Reason_MALFORMED // and the request is still to be answered
	}
	prefix, body, no := s.route(m, o)
	if no == 0 && len(prefix)+len(body) != 2 {
		return nil, nil, messages.Reason_MALFORMED
	}
	return prefix, body, no
}

func (s *stream) detached(b *box) { s.forget(b) }

func (s *stream) arrived(b *box, m *messages.Message) arrival { return s.routed(b, m, 1) }
