package conformance

import (
	"errors"
	"slices"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

const (
	zapAt  = "inproc://zeromq.zap.01"
	domain = "TEST"
)

// A request of ZAP, RFC 27: version, number, domain, address, identity, mechanism, credentials.
const (
	zapNumber    = 1
	zapDomain    = 2
	zapAddress   = 3
	zapIdentity  = 4
	zapMechanism = 5
	zapSecrets   = 6
)

// authenticator is a REP of ours that says who may come in. Its collector has what it was asked.
func (s *stage) authenticator(verdict func(request []string) []string) *end {
	s.T.Helper()
	asked := s.Collector()
	handler := s.Actor(func(c actor.Context) {
		m, ok := c.Message().(*messages.Message)
		if !ok {
			return
		}
		c.Send(asked.PID, m)
		if reply := verdict(texts(m.Frames)); reply != nil {
			c.Respond(messages.Text(reply...))
		}
	})
	e := &end{Collector: asked, s: s}
	e.pid = s.Spawn(socket.Config{Type: socket.Rep, Bind: []string{zapAt}, Deliver: socket.To(handler)})
	s.At(e.pid)
	return e
}

// admit lets those in who are of the domain and know the password, or have the key.
func admit(client socket.Options) func([]string) []string {
	return func(r []string) []string {
		ok := r[0] == "1.0" && r[zapDomain] == domain
		switch r[zapMechanism] {
		case "PLAIN":
			ok = ok && slices.Equal(r[zapSecrets:], []string{client.PlainUsername, string(client.PlainPassword)})
		case "CURVE":
			ok = ok && len(r) == zapSecrets+1 && z85(r[zapSecrets]) == client.CurvePublicKey
		}
		if !ok {
			return []string{"1.0", r[zapNumber], "400", "no", "", ""}
		}
		return []string{"1.0", r[zapNumber], "200", "OK", "anonymous", ""}
	}
}

// secured is a DEALER that is bound and tells what becomes of its peers.
func (s *stage) secured(o socket.Options) (server *end, events *rig.Collector) {
	s.T.Helper()
	events = s.Collector()
	return s.bind(socket.Config{Type: socket.Dealer, Options: o, Events: events.PID}), events
}

// client is a DEALER that is told, too.
func (s *stage) client(server *end, o socket.Options) (client *end, events *rig.Collector) {
	s.T.Helper()
	events = s.Collector()
	o.ReconnectInterval = 10 * time.Millisecond
	return s.connect(server, socket.Config{Type: socket.Dealer, Options: o, Events: events.PID}), events
}

// bounce sends a message there and one back.
func (s *stage) bounce(a, b *end) {
	s.T.Helper()
	b.send("there", "and")
	a.expect("there", "and")
	a.send("back")
	b.expect("back")
}

// turnedAway waits for a handshake that fails, and checks that nothing has got through.
func (s *stage) turnedAway(events *rig.Collector, ends ...*end) *socket.HandshakeError {
	s.T.Helper()
	failed, _ := rig.Await[*socket.HandshakeFailed](events)
	for _, e := range ends {
		e.Empty()
		if n, err := socket.PeerCount(s.Ctx, s.Root, e.pid); n != 0 || err != nil {
			s.T.Errorf("%d peers, %v", n, err)
		}
	}
	return failed.Err
}

// mechanisms are the options of a server and of its client.
func (s *stage) mechanisms() map[string][2]socket.Options {
	server, client := s.curve()
	server.ZAPDomain = domain
	return map[string][2]socket.Options{
		"NULL": {{ZAPDomain: domain}, {}},
		"PLAIN": {{ZAPDomain: domain, PlainServer: true},
			{PlainUsername: "admin", PlainPassword: "password"}},
		"CURVE": {server, client},
	}
}

// everyMechanism plays a scene for each of them.
func everyMechanism(play func(s *stage, server, client socket.Options)) func(*stage) {
	return func(s *stage) {
		for _, name := range []string{"NULL", "PLAIN", "CURVE"} {
			o := s.mechanisms()[name]
			within := &stage{Rig: s.beside(), transport: s.transport}
			play(within, o[0], o[1])
			if s.T.Failed() {
				s.T.Fatal("with ", name)
			}
			within.Shutdown()
		}
	}
}

// answer replaces frame i of a good answer.
func answer(i int, with string) func([]string) []string {
	return func(r []string) []string {
		reply := []string{"1.0", r[zapNumber], "200", "OK", "anonymous", ""}
		if i == len(reply) {
			return append(reply, with)
		}
		reply[i] = with
		return reply
	}
}

func refusedWith(verdict func([]string) []string, want socket.HandshakeError) func(*stage) {
	return everyMechanism(func(s *stage, so, co socket.Options) {
		zap := s.authenticator(verdict)
		server, events := s.secured(so)
		client, _ := s.client(server, co)
		got := s.turnedAway(events, server, client)
		if *got != want {
			s.T.Errorf("%+v, want %+v", got, want)
		}
		if r := zap.Message(); string(r.Frames[zapDomain]) != domain {
			s.T.Errorf("%q", r.Frames)
		}
	})
}

// unanswered is a client that nobody lets in, until it goes.
func unanswered(then func(s *stage, zap *end)) func(*stage) {
	return everyMechanism(func(s *stage, so, co socket.Options) {
		zap := s.authenticator(func([]string) []string { return nil })
		server, events := s.secured(so)
		client, _ := s.client(server, co)
		zap.Message()
		then(s, zap)
		s.Stop(client.pid)
		if err := s.turnedAway(events, server); !errors.Is(err, syscall.EPIPE) {
			s.T.Error(err)
		}
	})
}

var securityZAP = chapter{"security_zap", []scenario{
	{"success", network, everyMechanism(func(s *stage, so, co socket.Options) {
		zap := s.authenticator(admit(co))
		so.Identity, co.Identity = "IDENT", "ME"
		server, _ := s.secured(so)
		client, _ := s.client(server, co)
		s.bounce(server, client)
		want := map[string]string{"tcp": "127.0.0.1", "ipc": ""}[s.transport]
		if r := texts(zap.Message().Frames); r[zapIdentity] != "IDENT" || s.transport == "tcp" && r[zapAddress] != want {
			s.T.Errorf("asked %q", r)
		}
	})},
	{"wrong version", network, refusedWith(answer(0, "invalid_version"), socket.HandshakeError{Protocol: 0x20000003})},
	{"wrong request id", network, refusedWith(answer(1, "invalid_request_id"), socket.HandshakeError{Protocol: 0x20000002})},
	{"invalid status", network, refusedWith(answer(2, "invalid_status"), socket.HandshakeError{Protocol: 0x20000004})},
	{"too many parts", network, refusedWith(answer(6, ""), socket.HandshakeError{Protocol: 0x20000001})},
	{"temporary failure", network, refusedWith(answer(2, "300"), socket.HandshakeError{Status: 300})},
	{"internal error", network, refusedWith(answer(2, "500"), socket.HandshakeError{Status: 500})},
	{"refused", network, refusedWith(answer(2, "400"), socket.HandshakeError{Status: 400})},
	{"nobody answers", network, unanswered(func(*stage, *end) {})},
	{"the handler goes", network, unanswered(func(s *stage, zap *end) { s.Stop(zap.pid) })},
	{"no handler", network, everyMechanism(func(s *stage, so, co socket.Options) {
		server, events := s.secured(so)
		client, _ := s.client(server, co)
		if err := s.turnedAway(events, server, client); !errors.Is(err, syscall.EFAULT) {
			s.T.Error(err)
		}
	})},
	{"no handler and none wanted", network, everyMechanism(func(s *stage, so, co socket.Options) {
		if so.PlainServer {
			return // cannot do without
		}
		so.ZAPOptional = true
		server, _ := s.secured(so)
		client, _ := s.client(server, co)
		s.bounce(server, client)
	})},
}}

var noZAPHandler = chapter{"security_no_zap_handler", []scenario{
	{"no handler", network, func(s *stage) {
		server, _ := s.secured(socket.Options{})
		client, _ := s.client(server, socket.Options{})
		s.bounce(server, client)
	}},
}}

// beside is a rig with a context of its own, for one handler binds to one name.
func (s *stage) beside() *rig.Rig { return rig.Start(s.T, threads) }
