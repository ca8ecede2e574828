package zap_test

import (
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zap"
	"github.com/sockeye-mq/sockeye/internal/peer"
)

// Clients that nobody here wrote: let in, refused by each mechanism, revoked.
func TestPython(t *testing.T) {
	python := peer.Python(t, "zmq", "zmq.auth")
	server, alice, mallory := pair(t), pair(t), pair(t)
	start := func(t *testing.T, s *scene, arguments ...string) *peer.Process {
		return peer.Start(t, python, append([]string{"testdata/client.py", s.at[0]}, arguments...)...)
	}
	served := func(t *testing.T, p *peer.Process) {
		t.Helper()
		p.Await("in")
		p.Tell("hello")
		if got := p.Await("reply "); got != "hello" {
			t.Error(got)
		}
	}
	curve := func(k string, secret socket.Secret, to string) []string {
		return []string{"curve", to, k, string(secret)}
	}
	t.Run("NULL", func(t *testing.T) {
		s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Any: true}}}, inShop)
		served(t, start(t, s, "null"))
		s.decided()
		s.apply(zap.Policy{"shop": {Any: true, Deny: prefixes("127.0.0.1/32")}})
		p := start(t, s, "null")
		p.Await("refused 400")
		s.refused(400, "denied address", s.events)
	})
	t.Run("PLAIN", func(t *testing.T) {
		s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Plain: map[string]socket.Secret{"alice": "open"}}}},
			socket.Options{ZAPDomain: "shop", PlainServer: true})
		good := start(t, s, "plain", "alice", "open")
		served(t, good)
		bad := start(t, s, "plain", "alice", "shut")
		bad.Await("refused 400")
		s.refused(400, "wrong password", s.events)
		good.Tell("again")
		good.Await("reply again")
	})
	t.Run("CURVE", func(t *testing.T) {
		s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Curve: map[string]string{alice.Public: "alice", mallory.Public: "mallory"}}}},
			server.Server("shop"))
		good := start(t, s, curve(alice.Public, alice.Secret, server.Public)...)
		served(t, good)
		bad := start(t, s, curve(mallory.Public, mallory.Secret, server.Public)...)
		served(t, bad)
		lost := start(t, s, curve(alice.Public, alice.Secret, mallory.Public)...)
		lost.Await("hung up")
		s.apply(zap.Policy{"shop": {Curve: map[string]string{alice.Public: "alice"}}})
		bad.Await("disconnected")
		bad.Await("refused 400")
		good.Await("disconnected")
		served(t, good)
	})
	t.Run("CURVE keys in files", func(t *testing.T) {
		path := t.TempDir() + "/alice"
		if err := alice.Save(path); err != nil {
			t.Fatal(err)
		}
		s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Curve: map[string]string{alice.Public: "alice"}}}}, server.Server("shop"))
		served(t, start(t, s, "curve", server.Public, path+"_secret"))
	})
	t.Run("no handler", func(t *testing.T) {
		s := stage(t, zap.Config{}, server.Server("shop"))
		p := start(t, s, curve(alice.Public, alice.Secret, server.Public)...)
		p.Await("hung up")
		s.handle(zap.Config{Policy: zap.Policy{"shop": {Curve: map[string]string{alice.Public: ""}}}})
		served(t, p)
	})
}
