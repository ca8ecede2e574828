package conformance

import (
	"errors"
	"syscall"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

var securityNull = chapter{"security_null", []scenario{
	{"no domain", network, func(s *stage) {
		zap := s.authenticator(admit(socket.Options{}))
		server, _ := s.secured(socket.Options{})
		client, _ := s.client(server, socket.Options{})
		s.bounce(server, client)
		zap.Empty()
	}},
	{"wrong domain", network, func(s *stage) {
		s.authenticator(admit(socket.Options{}))
		server, events := s.secured(socket.Options{ZAPDomain: "WRONG"})
		client, _ := s.client(server, socket.Options{})
		if err := s.turnedAway(events, server, client); err.Status != 400 {
			s.T.Error(err)
		}
	}},
	{"right domain", network, func(s *stage) {
		s.authenticator(admit(socket.Options{}))
		server, _ := s.secured(socket.Options{ZAPDomain: domain})
		client, _ := s.client(server, socket.Options{})
		s.bounce(server, client)
	}},
	{"vanilla", network, func(s *stage) {
		s.authenticator(admit(socket.Options{}))
		s.vanilla(socket.Options{ZAPDomain: "WRONG"})
	}},
}}

var securityPlain = chapter{"security_plain", []scenario{
	{"success", network, func(s *stage) {
		o := s.mechanisms()["PLAIN"]
		s.authenticator(admit(o[1]))
		server, _ := s.secured(o[0])
		client, _ := s.client(server, o[1])
		s.bounce(server, client)
	}},
	{"client as server", network, func(s *stage) {
		o := s.mechanisms()["PLAIN"]
		s.authenticator(admit(o[1]))
		server, events := s.secured(o[0])
		client, told := s.client(server, o[0])
		rig.Await[*socket.Connected](told)
		rig.Await[*socket.Accepted](events) // and each waits for the other to begin
		s.Stop(client.pid)
		if err := s.turnedAway(events, server); !errors.Is(err, syscall.EPIPE) {
			s.T.Error(err)
		}
	}},
	{"wrong credentials", network, func(s *stage) {
		o := s.mechanisms()["PLAIN"]
		s.authenticator(admit(o[1]))
		server, events := s.secured(o[0])
		client, told := s.client(server, socket.Options{PlainUsername: "wronguser", PlainPassword: "wrongpass"})
		for _, events := range []*rig.Collector{events, told} {
			if err := s.turnedAway(events, server, client); err.Status != 400 {
				s.T.Error(err)
			}
		}
	}},
	{"vanilla", network, func(s *stage) {
		o := s.mechanisms()["PLAIN"]
		s.authenticator(admit(o[1]))
		s.vanilla(o[0])
	}},
}}

// vanilla is a peer that talks like those of long ago, without security, and says its message at once.
func (s *stage) vanilla(o socket.Options) {
	s.T.Helper()
	server, _ := s.secured(o)
	w := s.dial(server)
	w.write([]byte("\x01\x00\x08\x00sneaky\x00")...)
	w.ended()
	server.Empty()
	if c := s.Counts(server.pid); c.Received != 0 {
		s.T.Errorf("%+v", c)
	}
}
