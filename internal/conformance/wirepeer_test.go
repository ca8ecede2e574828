package conformance

import (
	"github.com/sockeye-mq/sockeye/actors/socket"
)

var mockPubSub = chapter{"mock_pub_sub", []scenario{
	{"subscriber that sends commands", network, func(s *stage) { s.mockSub(1, command("SUBSCRIBE", 'A'), command("CANCEL", 'A')) }},
	{"subscriber that sends messages", network, func(s *stage) {
		s.mockSub(0, frame(0, []byte("\x01A")), frame(0, []byte("\x00A")))
	}},
	{"publisher that wants commands", network, func(s *stage) { s.mockPub(1, command("SUBSCRIBE", 'A')) }},
	{"publisher that wants messages", network, func(s *stage) { s.mockPub(0, frame(0, []byte("\x01A"))) }},
}}

func (s *stage) mockSub(minor byte, subscribe, cancel []byte) {
	xpub, pub := s.bind(socket.Config{Type: socket.XPub}), s.bind(socket.Config{Type: socket.Pub})
	w := s.dial(xpub)
	w.handshake(minor, "SUB")
	w.write(subscribe...)
	xpub.expect("\x01A")
	xpub.send("ALOL")
	w.expect(frame(0, []byte("ALOL")))
	w.write(cancel...)
	xpub.expect("\x00A")
	w = s.dial(pub)
	w.handshake(minor, "SUB")
	w.write(subscribe...)
	s.Peers(pub.pid, 1)
	pub.send("B")
	pub.send("ALOL")
	w.expect(frame(0, []byte("ALOL")))
}

func (s *stage) mockPub(minor byte, subscribe []byte) {
	sub := s.bind(subscriber())
	w := s.dial(sub)
	w.handshake(minor, "XPUB")
	s.Peers(sub.pid, 1)
	sub.subscribe("A")
	w.expect(subscribe)
	w.write(frame(0, []byte("B, which it has not asked for"))...)
	w.write(frame(0, []byte("ALOL"))...)
	sub.expect("ALOL")
}
