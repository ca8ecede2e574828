package fake

import (
	"bytes"
	"syscall"

	zmq "github.com/pebbe/zmq4"
)

// Subscribe implements native.Socket.
func (s *socket) Subscribe(topic string) error { return s.subscription("subscribe", topic, 1) }

// Unsubscribe implements native.Socket. A topic that was not subscribed to is no error.
func (s *socket) Unsubscribe(topic string) error { return s.subscription("unsubscribe", topic, -1) }

func (s *socket) subscription(call, topic string, change int) error {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if err := s.fault(call); err != nil {
		return err
	}
	if s.typ != zmq.SUB {
		return syscall.EINVAL
	}
	if s.topics == nil {
		s.topics = map[string]int{}
	}
	s.topics[topic] = max(0, s.topics[topic]+change)
	return nil
}

// wants reports whether a SUB has subscribed to m.
func (s *socket) wants(m Message) bool {
	for topic, times := range s.topics {
		if times > 0 && bytes.HasPrefix(m[0], []byte(topic)) {
			return true
		}
	}
	return false
}
