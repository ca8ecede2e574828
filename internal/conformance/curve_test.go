package conformance

import (
	"io"
	"net"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

var threads zmqthread.Config

// curve makes the keys of a server and of a client of it.
func (s *stage) curve() (server, client socket.Options) {
	s.T.Helper()
	public, secret, err := zmq.NewCurveKeypair()
	if err != nil {
		s.T.Fatal(err)
	}
	mine, myOwn, err := zmq.NewCurveKeypair()
	if err != nil {
		s.T.Fatal(err)
	}
	return socket.Options{CurveServer: true, CurveSecretKey: socket.Secret(secret), ZAPDomain: domain},
		socket.Options{CurveServerKey: public, CurvePublicKey: mine, CurveSecretKey: socket.Secret(myOwn)}
}

func z85(key string) string { return zmq.Z85encode(key) }

// guarded is a CURVE server behind an authenticator, and the options of a client that it lets in.
func (s *stage) guarded() (server, zap *end, events func() *socket.HandshakeError, client socket.Options) {
	s.T.Helper()
	so, co := s.curve()
	zap = s.authenticator(admit(co))
	server, told := s.secured(so)
	return server, zap, func() *socket.HandshakeError { s.T.Helper(); return s.turnedAway(told, server) }, co
}

// What libzmq's monitor calls them.
const (
	unexpected = 0x10000001
	badHello   = 0x10000013
	badInit    = 0x10000014
	crypto     = 0x11000001
	mismatch   = 0x11000002
)

const nullKey = "0000000000000000000000000000000000000000"

var securityCurve = chapter{"security_curve", []scenario{
	{"valid", network, func(s *stage) {
		server, zap, _, co := s.guarded()
		client, _ := s.client(server, co)
		s.bounce(server, client)
		if r := texts(zap.Message().Frames); z85(r[zapSecrets]) != co.CurvePublicKey {
			s.T.Errorf("%q", r)
		}
	}},
	{"another's keys", network, func(s *stage) {
		server, _, failed, co := s.guarded()
		_, bogus := s.curve()
		co.CurvePublicKey, co.CurveSecretKey = bogus.CurvePublicKey, bogus.CurveSecretKey
		_, told := s.client(server, co)
		if err := failed(); err.Status != 400 {
			s.T.Error(err)
		}
		if err := s.turnedAway(told); err.Status != 400 {
			s.T.Error(err)
		}
	}},
	{"wrong server key", network, func(s *stage) {
		server, zap, failed, co := s.guarded()
		_, bogus := s.curve()
		co.CurveServerKey = bogus.CurveServerKey
		s.client(server, co)
		if err := failed(); err.Protocol != crypto {
			s.T.Error(err)
		}
		zap.Empty()
	}},
	{"null client keys", "tcp", func(s *stage) {
		_, co := s.curve()
		public, secret := co, co
		public.CurvePublicKey, secret.CurveSecretKey = nullKey, nullKey
		for _, o := range []socket.Options{public, secret} {
			if err := (socket.Config{Type: socket.Dealer, Options: o}).Validate(); err == nil {
				s.T.Error("keys that do not belong together are taken")
			}
		}
	}},
	{"another mechanism", network, func(s *stage) {
		for _, o := range []socket.Options{{}, {PlainUsername: "admin", PlainPassword: "password"}} {
			s := &stage{s.beside(), s.transport}
			server, zap, failed, _ := s.guarded()
			s.client(server, o)
			if err := failed(); err.Protocol != mismatch {
				s.T.Error(err)
			}
			zap.Empty()
		}
	}},
	{"vanilla", network, func(s *stage) {
		so, co := s.curve()
		s.authenticator(admit(co))
		s.vanilla(so)
	}},
	{"HELLO of a wrong length", network, func(s *stage) { s.tampered(0, badHello, func([]byte) []byte { return []byte("\x05HELLO") }) }},
	{"HELLO under another name", network, func(s *stage) { s.tampered(0, unexpected, change(5, 'X')) }},
	{"HELLO of another version", network, func(s *stage) { s.tampered(0, badHello, change(6, 2)) }},
	{"INITIATE of a wrong length", network, func(s *stage) { s.tampered(1, badInit, func([]byte) []byte { return []byte("\x08INITIATE") }) }},
	{"INITIATE under another name", network, func(s *stage) { s.tampered(1, unexpected, change(5, 'X')) }},
	{"INITIATE with another cookie", network, func(s *stage) { s.tampered(1, crypto, flip(30)) }},
	{"INITIATE with other contents", network, func(s *stage) { s.tampered(1, crypto, flip(150)) }},
}}

func change(i int, to byte) func([]byte) []byte {
	return func(b []byte) []byte { b[i] = to; return b }
}

func flip(i int) func([]byte) []byte {
	return func(b []byte) []byte { b[i] ^= 0xff; return b }
}

// tampered puts itself between a client and a server and changes the client's command number n.
func (s *stage) tampered(n int, want uint32, tamper func([]byte) []byte) {
	s.T.Helper()
	server, zap, failed, co := s.guarded()
	at, accept := s.listen()
	co.ReconnectInterval = socket.NoReconnect
	s.spawn(socket.Config{Type: socket.Dealer, Connect: []string{at}, Options: co})
	client, upstream := accept(), s.dial(server)
	go pour(upstream.conn, client.conn)
	if _, err := io.CopyN(upstream.conn, client.conn, 64); err != nil {
		s.T.Fatal(err)
	}
	for i := range n + 1 {
		_, body := client.next()
		if i == n {
			body = tamper(body)
		}
		upstream.write(frame(frameCommand, body)...)
	}
	if err := failed(); err.Protocol != want {
		s.T.Errorf("%v, want %#x", err, want)
	}
	zap.Empty()
}

// pour copies what the server says until it has no more to say.
func pour(from, to net.Conn) {
	b := make([]byte, 4<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		to.Write(b[:n])
	}
}
