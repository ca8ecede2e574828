package interop

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

const domain = "interop"

// security is a peer's side of a mechanism. A server lets in who has the username and the password, or
// the public key Peer; to a client Peer is the server's.
type security struct {
	Mechanism string `json:"mechanism"`
	Server    bool   `json:"server"`
	Domain    string `json:"domain"`
	Username  string `json:"username"`
	Password  string `json:"password"`
	Public    string `json:"public"`
	Secret    string `json:"secret"`
	Peer      string `json:"peer"`
	User      string `json:"user"` // whom a server's ZAP handler says it has let in
}

// keys are those of one server and one client. Without a mechanism they are nil.
type keys struct {
	mechanism          string
	username, password string
	server, client     keyPair
	user               string
}

type keyPair struct{ public, secret string }

func newKeyPair(t testing.TB) keyPair {
	t.Helper()
	public, secret, err := zmq.NewCurveKeypair()
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{public, secret}
}

// arm gives the lab the keys of its mechanism and, where we are the server, somebody who knows them.
func (l *lab) arm() {
	l.T.Helper()
	if l.mechanism == "" {
		return
	}
	l.keys = &keys{mechanism: l.mechanism, username: "admin", password: "secret", user: "somebody"}
	if strings.HasPrefix(l.pair, "Req ") || strings.HasSuffix(l.pair, " REQ") {
		// A REQ of libzmq (4.3.4, 4.3.5) that is the server drops its connection at the first reply when
		// the ZAP handler has named a user.
		l.keys.user = ""
	}
	if l.mechanism == "CURVE" {
		l.keys.server, l.keys.client = newKeyPair(l.T), newKeyPair(l.T)
	}
	if !l.theyBind {
		l.authenticate(*l.keys)
	}
}

// theirs is the peer's side.
func (k *keys) theirs(server bool) *security {
	if k == nil {
		return nil
	}
	s := &security{k.mechanism, server, domain, k.username, k.password, k.client.public, k.client.secret, k.server.public, k.user}
	if server {
		s.Public, s.Secret, s.Peer = k.server.public, k.server.secret, k.client.public
	}
	return s
}

// ours sets our side.
func (k *keys) ours(o *socket.Options, server bool) {
	switch {
	case k == nil:
	case server:
		o.ZAPDomain = domain
		o.PlainServer, o.CurveServer = k.mechanism == "PLAIN", k.mechanism == "CURVE"
		o.CurveSecretKey = socket.Secret(k.server.secret)
	case k.mechanism == "PLAIN":
		o.PlainUsername, o.PlainPassword = k.username, socket.Secret(k.password)
	default:
		o.CurvePublicKey, o.CurveSecretKey, o.CurveServerKey = k.client.public, socket.Secret(k.client.secret), k.server.public
	}
}

// authenticate answers libzmq's questions about who may come in, RFC 27: a Rep at the endpoint where
// libzmq asks.
func (l *lab) authenticate(k keys) {
	l.T.Helper()
	credentials := [][]byte{[]byte(k.username), []byte(k.password)}
	if k.mechanism == "CURVE" {
		credentials = [][]byte{[]byte(zmq.Z85decode(k.client.public))}
	}
	handler := l.actor(func(c actor.Context, m *messages.Message) {
		if len(m.Frames) < 6 {
			l.T.Errorf("a request of %d frames", len(m.Frames))
			return
		}
		version, id, mechanism := m.Frames[0], m.Frames[1], m.Frames[5]
		status, user := "400", ""
		if bytes.Equal(m.Frames[2], []byte(domain)) && string(mechanism) == k.mechanism &&
			slices.EqualFunc(m.Frames[6:], credentials, bytes.Equal) {
			status, user = "200", k.user
		}
		c.Respond(messages.Bytes(version, id, []byte(status), nil, []byte(user), nil))
	})
	l.At(l.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"inproc://zeromq.zap.01"}, Deliver: socket.To(handler)}))
}

// wrongs are who must be refused, by mechanism.
var wrongs = map[string]func(t testing.TB, k keys) keys{
	"PLAIN, wrong password": func(_ testing.TB, k keys) keys {
		k.password = "sesame"
		return k
	},
	"PLAIN, wrong username": func(_ testing.TB, k keys) keys {
		k.username = "nobody"
		return k
	},
	"CURVE, wrong client key": func(t testing.TB, k keys) keys {
		k.client = newKeyPair(t)
		return k
	},
	"CURVE, wrong server key": func(t testing.TB, k keys) keys {
		k.server.public = newKeyPair(t).public
		return k
	},
}

// Who has a wrong password or a wrong key is refused, which our events tell of on either side, and
// delivers nothing, while somebody with the right ones comes in by the same door.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, wrong := range wrongs {
		t.Run(name, func(t *testing.T) {
			mechanism := name[:len("PLAIN")]
			everywhere(t, "refused: "+name, []way{{"tcp", mechanism}, {"ipc", mechanism}}, func(t *testing.T, l *lab) {
				if right := *l.keys; l.theyBind {
					l.refusedByThem(wrong(t, right))
				} else {
					l.refusedByUs(right, wrong(t, right))
				}
			})
		})
	}
}

// refusedByThem has two Push for one PULL.
func (l *lab) refusedByThem(wrong keys) {
	l.T.Helper()
	s := streamOf("right", 60)
	p := l.host(job{Role: "sink", Types: []string{"PULL"}, Stream: s}, 1)
	events := l.Collector()
	cfg := socket.Config{Type: socket.Push, Connect: l.listening, Events: events.PID,
		Options: socket.Options{Linger: socket.NoLinger}}
	wrong.ours(&cfg.Options, false)
	l.Root.Send(l.Spawn(cfg), messages.Text("from somebody with a wrong key")) // libzmq may never take it
	l.refusal(events)
	sent := l.put(l.open(socket.Config{Type: socket.Push, Connect: l.listening}), s)
	l.same("there", sent.total(), p.next().Received)
}

// refusedByUs has two PUSHes for one Pull.
func (l *lab) refusedByUs(right, wrong keys) {
	l.T.Helper()
	s := streamOf("right", 60)
	received, events := newTally(s, 1), l.Collector()
	pull := l.open(socket.Config{Type: socket.Pull, Bind: []string{l.Endpoint(l.transport)}, Events: events.PID,
		Deliver: socket.To(l.into(received))})
	l.keys = &wrong
	refused := l.guest(job{Role: "source", Types: []string{"PUSH"}, Stream: streamOf("wrong", 2)}, 1, pull)
	defer refused.Kill() // it may be blocked in its send for ever
	l.refusal(events)
	l.keys = &right
	p := l.guest(job{Role: "source", Types: []string{"PUSH"}, Stream: s}, 1, pull)
	l.complete("here", received)
	l.same("here", p.next().Sent, received.total())
	l.clean(pull, 0, s.N)
}

// refusal waits until a handshake has failed.
func (l *lab) refusal(events *rig.Collector) {
	l.T.Helper()
	for {
		switch e := events.Next().Message.(type) {
		case *socket.HandshakeFailed:
			l.T.Logf("refused: %v", e)
			return
		case *socket.HandshakeSucceeded:
			l.T.Fatalf("somebody with a wrong key came in: %v", e)
		}
	}
}
