package zap_test

import (
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zap"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// mechanisms are a server and a client that fit, and a policy that lets the client in.
func mechanisms(t *testing.T) map[string]struct {
	server, client socket.Options
	rules          zap.Rules
} {
	server, alice := pair(t), pair(t)
	return map[string]struct {
		server, client socket.Options
		rules          zap.Rules
	}{
		"NULL": {socket.Options{ZAPDomain: "shop"}, socket.Options{}, zap.Rules{Any: true}},
		"PLAIN": {socket.Options{ZAPDomain: "shop", PlainServer: true}, socket.Options{PlainUsername: "alice", PlainPassword: "open"},
			zap.Rules{Plain: map[string]socket.Secret{"alice": "open"}}},
		"CURVE": {server.Server("shop"), alice.Client(server.Public), zap.Rules{Curve: map[string]string{alice.Public: "alice"}}},
	}
}

// While no handler runs a socket with a domain lets nobody in: not before the first, not after the last.
func TestNoHandler(t *testing.T) {
	for name, m := range mechanisms(t) {
		t.Run(name, func(t *testing.T) {
			s := stage(t, zap.Config{}, m.server)
			early, _ := s.client(m.client)
			if e, _ := rig.Await[*socket.HandshakeFailed](s.events); e.Err.Err == nil {
				t.Error(e)
			}
			s.outside(early)
			s.handle(zap.Config{Policy: zap.Policy{"shop": m.rules}})
			s.works(early) // it has tried again meanwhile
			s.Poison(s.handler)
			late, _ := s.client(m.client)
			rig.Await[*socket.HandshakeFailed](s.events)
			s.outside(late)
			s.works(early) // who is in stays in
		})
	}
}

// ZAPOptional is ZeroMQ's own default: no handler, no questions.
func TestOptional(t *testing.T) {
	for name, m := range mechanisms(t) {
		t.Run(name, func(t *testing.T) {
			m.server.ZAPOptional = true
			s := stage(t, zap.Config{}, m.server)
			pid, _ := s.client(m.client)
			if name == "PLAIN" { // of which libzmq always asks
				rig.Await[*socket.HandshakeFailed](s.events)
				s.outside(pid)
				return
			}
			s.works(pid)
		})
	}
}

// A CURVE server without a domain encrypts, and lets everybody in unless there is a handler to ask.
func TestCurveWithoutDomain(t *testing.T) {
	server, alice := pair(t), pair(t)
	s := stage(t, zap.Config{}, server.Server(""))
	one, _ := s.client(alice.Client(server.Public))
	s.works(one)
	s.handle(zap.Config{Policy: zap.Policy{"shop": {Any: true}}})
	two, events := s.client(alice.Client(server.Public))
	s.refused(400, "no rules for this domain", events, s.events)
	s.outside(two)
}

// What is refused, with the reason that the handler tells.
func TestRefused(t *testing.T) {
	server, alice, mallory := pair(t), pair(t), pair(t)
	here, elsewhere := prefixes("127.0.0.0/8"), prefixes("192.0.2.0/24", "2001:db8::/32")
	plain := map[string]socket.Secret{"alice": "open"}
	keys := map[string]string{alice.Public: "alice"}
	nul := socket.Options{ZAPDomain: "shop"}
	plainServer := socket.Options{ZAPDomain: "shop", PlainServer: true}
	user := func(name string, password socket.Secret) socket.Options {
		return socket.Options{PlainUsername: name, PlainPassword: password}
	}
	for name, c := range map[string]struct {
		policy         zap.Policy
		server, client socket.Options
		reason         string
	}{
		"unknown key":           {zap.Policy{"shop": {Curve: keys}}, server.Server("shop"), mallory.Client(server.Public), "unknown key"},
		"wrong domain":          {zap.Policy{"shop": {Curve: keys}}, server.Server("ship"), alice.Client(server.Public), "no rules for this domain"},
		"domain's own rules":    {zap.Policy{"": {Any: true}, "shop": {}}, server.Server("shop"), alice.Client(server.Public), "unknown key"},
		"no policy":             {zap.Policy{}, server.Server("shop"), alice.Client(server.Public), "no rules for this domain"},
		"wrong password":        {zap.Policy{"shop": {Plain: plain}}, plainServer, user("alice", "opem"), "wrong password"},
		"unknown user":          {zap.Policy{"shop": {Plain: plain}}, plainServer, user("bob", "open"), "unknown user"},
		"NULL":                  {zap.Policy{"shop": {Plain: plain, Curve: keys}}, nul, socket.Options{}, "NULL needs Any or Decide"},
		"NULL, allowed address": {zap.Policy{"shop": {Allow: here}}, nul, socket.Options{}, "NULL needs Any or Decide"},
		"denied address":        {zap.Policy{"shop": {Any: true, Deny: here}}, nul, socket.Options{}, "denied address"},
		"denied before allowed": {zap.Policy{"shop": {Any: true, Deny: here, Allow: here}}, nul, socket.Options{}, "denied address"},
		"address not allowed":   {zap.Policy{"shop": {Any: true, Allow: elsewhere}}, nul, socket.Options{}, "address not allowed"},
		"good key, bad address": {zap.Policy{"shop": {Curve: keys, Deny: here}}, server.Server("shop"), alice.Client(server.Public), "denied address"},
	} {
		t.Run(name, func(t *testing.T) {
			s := stage(t, zap.Config{Policy: c.policy}, c.server)
			pid, events := s.client(c.client)
			s.refused(400, c.reason, events, s.events)
			s.outside(pid)
			if _, err := zap.Apply(s.Ctx, s.Root, s.handler, zap.Policy{"": {Any: true}}); err != nil {
				t.Fatal(err)
			}
			again, _ := s.client(c.client) // the socket is well
			s.works(again)
		})
	}
}

// Who is let in, and as whom.
func TestAccepted(t *testing.T) {
	server, alice := pair(t), pair(t)
	plain := map[string]socket.Secret{"alice": "open"}
	keys := map[string]string{alice.Public: "alice"}
	here := prefixes("127.0.0.1/32")
	for name, c := range map[string]struct {
		policy         zap.Policy
		server, client socket.Options
		user           string
	}{
		"NULL":                  {zap.Policy{"shop": {Any: true, Allow: here}}, socket.Options{ZAPDomain: "shop"}, socket.Options{}, ""},
		"PLAIN":                 {zap.Policy{"shop": {Plain: plain, Allow: here}}, socket.Options{ZAPDomain: "shop", PlainServer: true}, socket.Options{PlainUsername: "alice", PlainPassword: "open"}, "alice"},
		"PLAIN without domain":  {zap.Policy{"": {Plain: plain}}, socket.Options{PlainServer: true}, socket.Options{PlainUsername: "alice", PlainPassword: "open"}, "alice"},
		"CURVE":                 {zap.Policy{"": {Curve: keys}}, server.Server("shop"), alice.Client(server.Public), "alice"},
		"CURVE, any":            {zap.Policy{"": {Any: true}}, server.Server("shop"), alice.Client(server.Public), alice.Public},
		"CURVE, Decide":         {zap.Policy{"": {Decide: func(q zap.Request) zap.Decision { return zap.Accept("it is " + q.Key) }}}, server.Server("shop"), alice.Client(server.Public), "it is " + alice.Public},
		"NULL, Decide":          {zap.Policy{"": {Decide: func(q zap.Request) zap.Decision { return zap.Accept(q.Address) }}}, socket.Options{ZAPDomain: "shop"}, socket.Options{}, "127.0.0.1"},
		"PLAIN, any":            {zap.Policy{"": {Any: true}}, socket.Options{PlainServer: true}, socket.Options{PlainUsername: "x", PlainPassword: "y"}, "x"},
		"IPv6 bound, IPv4 peer": {zap.Policy{"shop": {Any: true, Allow: here}}, socket.Options{ZAPDomain: "shop", IPv6: true}, socket.Options{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := stage(t, zap.Config{Policy: c.policy}, c.server)
			pid, _ := s.client(c.client)
			s.works(pid)
			if d := s.decided(); !d.Decision.Accepted() || d.Decision.User != c.user {
				t.Error(d)
			}
		})
	}
}
