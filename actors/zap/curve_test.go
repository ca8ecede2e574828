package zap_test

import (
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zap"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// Who has a key on the list comes in; who has another one does not, and the server serves on.
func TestCurve(t *testing.T) {
	server, alice, mallory := pair(t), pair(t), pair(t)
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Curve: map[string]string{alice.Public: "alice"}}}}, server.Server("shop"))
	good, _ := s.client(alice.Client(server.Public))
	s.works(good)
	if d := s.decided(); !d.Decision.Accepted() || d.Decision.User != "alice" || d.Request.Address != "127.0.0.1" || d.Request.Domain != "shop" {
		t.Error(d)
	}
	bad, events := s.client(mallory.Client(server.Public))
	s.refused(400, "unknown key", events, s.events)
	s.outside(bad)
	s.works(good)
}

// A client that takes another server for this one gets nowhere, and the handler is not even asked.
func TestCurveWrongServerKey(t *testing.T) {
	server, alice, other := pair(t), pair(t), pair(t)
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Curve: map[string]string{alice.Public: ""}}}}, server.Server("shop"))
	bad, _ := s.client(alice.Client(other.Public))
	if e, _ := rig.Await[*socket.HandshakeFailed](s.events); e.Err.Protocol == 0 {
		t.Error(e)
	}
	s.outside(bad)
	good, _ := s.client(alice.Client(server.Public))
	s.works(good)
	if d := s.decided(); d.Decision.User != alice.Public {
		t.Error(d)
	}
	s.zap.Empty()
}
