package zap_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zap"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

func prefixes(all ...string) (p []netip.Prefix) {
	for _, s := range all {
		p = append(p, netip.MustParsePrefix(s))
	}
	return p
}

func (s *scene) apply(p zap.Policy) *zap.Reloaded {
	s.T.Helper()
	done, err := zap.Apply(s.Ctx, s.Root, s.handler, p)
	if err != nil {
		s.T.Fatal(err)
	}
	return done
}

// back waits until a client that was cut off is back. Within 50 ms of a Cut it may be cut off again, and a
// request with it, so that it asks more than once.
func (s *scene) back(pid *actor.PID, events *rig.Collector) {
	s.T.Helper()
	rig.Await[*socket.Disconnected](events)
	rig.Await[*socket.HandshakeSucceeded](events)
	rig.Until(s.T, "the client is served again", func() bool {
		ctx, cancel := context.WithTimeout(s.Ctx, 200*time.Millisecond)
		defer cancel()
		_, err := messages.Ask(ctx, s.Root, pid, messages.Text("hello"))
		return err == nil
	})
}

// Whose key is taken off the list is cut off and stays out; an innocent peer from the same address is
// back by itself.
func TestRevoke(t *testing.T) {
	server, alice, mallory := pair(t), pair(t), pair(t)
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Curve: map[string]string{alice.Public: "alice", mallory.Public: "mallory"}}}},
		server.Server("shop"))
	other := s.serve(socket.Options{ZAPDomain: "elsewhere", ZAPOptional: true, PlainServer: true}, nil)
	good, goodEvents := s.client(alice.Client(server.Public))
	bad, badEvents := s.client(mallory.Client(server.Public))
	s.works(good)
	s.works(bad)
	s.decided()
	s.decided()
	done := s.apply(zap.Policy{"shop": {Curve: map[string]string{alice.Public: "alice"}}})
	if done.Revoked != 1 || done.Connections != 2 || done.Failed != 0 || len(done.Blind) != 0 {
		t.Error(done)
	}
	rig.Await[*socket.Disconnected](badEvents)
	s.status(badEvents, 400)
	s.outside(bad)
	s.back(good, goodEvents)
	rig.Until(t, "the server has one peer", func() bool {
		n, err := socket.PeerCount(s.Ctx, s.Root, s.server)
		return n == 1 && err == nil
	})
	if r, _ := rig.Await[*zap.Reloaded](s.zap); r.Connections != 2 {
		t.Error(r)
	}
	s.At(other)
}

// A new key comes in beside the old one, the client changes over, and then the old one goes: the
// client that has changed is cut off for a moment, for it comes from the same address, and is back.
func TestRotateClientKey(t *testing.T) {
	server, old, fresh := pair(t), pair(t), pair(t)
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Curve: map[string]string{old.Public: "alice"}}}}, server.Server("shop"))
	client, _ := s.client(old.Client(server.Public))
	s.works(client)
	both := map[string]string{old.Public: "alice", fresh.Public: "alice"}
	if done := s.apply(zap.Policy{"shop": {Curve: both}}); done.Revoked != 0 || done.Connections != 0 {
		t.Error(done)
	}
	s.works(client) // has not noticed
	next, nextEvents := s.client(fresh.Client(server.Public))
	s.works(next)
	s.Poison(client)
	if done := s.apply(zap.Policy{"shop": {Curve: map[string]string{fresh.Public: "alice"}}}); done.Revoked != 1 {
		t.Error(done)
	}
	s.back(next, nextEvents)
	late, events := s.client(old.Client(server.Public))
	s.status(events, 400)
	s.outside(late)
}

// The same for a PLAIN password: the user is the same, the credential is not.
func TestChangePassword(t *testing.T) {
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Plain: map[string]socket.Secret{"alice": "old"}}}},
		socket.Options{ZAPDomain: "shop", PlainServer: true})
	client, events := s.client(socket.Options{PlainUsername: "alice", PlainPassword: "old"})
	s.works(client)
	if done := s.apply(zap.Policy{"shop": {Plain: map[string]socket.Secret{"alice": "new"}}}); done.Revoked != 1 || done.Connections != 1 {
		t.Error(done)
	}
	s.status(events, 400)
	s.outside(client)
	again, _ := s.client(socket.Options{PlainUsername: "alice", PlainPassword: "new"})
	s.works(again)
}

// Only the domain that is changed is touched, on every thread of the context; and only what was accepted,
// not what the socket itself has connected to.
func TestRevokeElsewhere(t *testing.T) {
	null := func(domain string) socket.Options { return socket.Options{ZAPDomain: domain} }
	s := stage(t, zap.Config{Policy: zap.Policy{"a": {Any: true}, "b": {Any: true}}}, null("a"))
	beside := s.Beside(zmqthread.Config{Share: s.Thread})
	far, here := s.Collector(), s.Collector()
	server := s.SpawnOn(beside, socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Options: null("a"), Deliver: socket.To(s.Echo()), Events: far.PID})
	untouched := s.serve(null("b"), here.PID)
	plain := s.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(s.Echo()), Events: here.PID})
	connecting := s.Collector() // a client in domain a, which asks the handler about its server
	out := s.Spawn(socket.Config{Type: socket.Req, Connect: s.At(untouched), Options: null("a"), Events: connecting.PID})
	s.works(out)
	for _, at := range [][]string{s.at, s.At(server), s.At(untouched), s.At(plain)} {
		s.works(s.Spawn(socket.Config{Type: socket.Req, Connect: at}))
	}
	if done := s.apply(zap.Policy{"b": {Any: true}}); done.Connections != 2 || done.Revoked != 1 {
		t.Error(done)
	}
	rig.Await[*socket.Disconnected](s.events)
	rig.Await[*socket.Disconnected](far)
	s.works(out)
	s.Stop(s.server) // behind which nothing comes
	for _, quiet := range []*rig.Collector{here, connecting} {
		s.never(quiet)
	}
}

// never checks that nothing ended among the events so far.
func (s *scene) never(events *rig.Collector) {
	s.T.Helper()
	for {
		select {
		case m := <-events.Mail():
			if e, ok := m.Message.(*socket.Disconnected); ok {
				s.T.Error(e)
			}
		default:
			return
		}
	}
}

// Over ipc there are no addresses: everybody is cut off, and the innocent are back.
func TestRevokeIPC(t *testing.T) {
	server, alice, mallory := pair(t), pair(t), pair(t)
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Curve: map[string]string{alice.Public: "", mallory.Public: ""}}}}, server.Server("shop"))
	s.at = []string{s.Do(s.server, &messages.Bind{Endpoint: s.Endpoint("ipc")}).Endpoint}
	good, goodEvents := s.client(alice.Client(server.Public))
	bad, badEvents := s.client(mallory.Client(server.Public))
	s.works(good)
	s.works(bad)
	if done := s.apply(zap.Policy{"shop": {Curve: map[string]string{alice.Public: ""}}}); done.Connections != 2 {
		t.Error(done)
	}
	s.status(badEvents, 400)
	s.back(good, goodEvents)
	s.outside(bad)
}

// Of a socket without a monitor nobody knows the connections; the answer says so.
func TestRevokeBlind(t *testing.T) {
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Any: true}}}, socket.Options{ZAPDomain: "shop"})
	blind := s.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, NoMonitor: true, Deliver: socket.To(s.Echo()),
		Options: socket.Options{ZAPDomain: "shop"}})
	pid := s.Spawn(socket.Config{Type: socket.Req, Connect: s.At(blind)})
	s.works(pid)
	if done := s.apply(zap.Policy{}); done.Connections != 0 || len(done.Blind) != 1 || !done.Blind[0].Equal(blind) {
		t.Error(done)
	}
	s.works(pid)
}

// What Decide has let in is asked about again.
func TestReloadAsksDecideAgain(t *testing.T) {
	rules := func(ok bool) zap.Policy {
		return zap.Policy{"shop": {Decide: func(q zap.Request) zap.Decision {
			if !ok {
				return zap.Refuse("not any more")
			}
			return zap.Accept("")
		}}}
	}
	s := stage(t, zap.Config{Policy: rules(true)}, socket.Options{ZAPDomain: "shop"})
	pid, events := s.client(socket.Options{})
	s.works(pid)
	s.decided()
	s.apply(rules(true))
	s.back(pid, events)
	s.apply(rules(false))
	s.refused(400, "not any more", events)
	s.outside(pid)
}

// A policy that makes no sense is refused, and the one before stays.
func TestReloadOfNonsense(t *testing.T) {
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Any: true}}}, socket.Options{ZAPDomain: "shop"})
	_, err := zap.Apply(s.Ctx, s.Root, s.handler, zap.Policy{"shop": {Curve: map[string]string{"no key": ""}}})
	var wrong *zap.PolicyError
	if !errors.As(err, &wrong) || !errors.Is(err, messages.ErrConfig) || wrong.Domain != "shop" {
		t.Error(err)
	}
	pid, _ := s.client(socket.Options{})
	s.works(pid)
}

// What Decide has been asked under one policy lets nobody in under the next.
func TestReloadWhileDeciding(t *testing.T) {
	asked, free := make(chan bool, 1), make(chan bool)
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Decide: func(zap.Request) zap.Decision {
		select {
		case asked <- true:
		default:
		}
		<-free
		return zap.Accept("")
	}}}}, inShop)
	pid, _ := s.client(socket.Options{})
	<-asked
	s.apply(zap.Policy{})
	close(free)
	s.refused(300, "the policy has changed meanwhile")
	s.outside(pid)
	s.refused(400, "no rules for this domain")
}
