package conformance

import (
	"bytes"
	"time"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// couples are a client's type and its server's.
var couples = [][2]zmq.Type{
	{socket.Dealer, socket.Router}, {socket.Req, socket.Rep}, {socket.Pull, socket.Push},
	{socket.Sub, socket.Pub}, {socket.Pair, socket.Pair},
}

const beat = 50 * time.Millisecond

var heartbeats = chapter{"heartbeats", []scenario{
	{"a peer that says nothing", network, func(s *stage) {
		events := s.Collector()
		server := s.bind(socket.Config{Type: socket.Router, Events: events.PID, Options: socket.Options{HeartbeatInterval: beat}})
		w := s.dial(server)
		w.handshake(0, "DEALER")
		rig.Await[*socket.HandshakeSucceeded](events)
		if flags, body := w.next(); flags != frameCommand || !bytes.HasPrefix(body, []byte("\x04PING")) {
			s.T.Errorf("%d %q", flags, body)
		}
		rig.Await[*socket.Disconnected](events)
	}},
	{"a ping with a context", network, func(s *stage) {
		w := s.dial(s.bind(socket.Config{Type: socket.Router}))
		w.handshake(0, "DEALER")
		w.write(command("PING", []byte("\x00\x00LOL")...)...)
		w.expect(command("PONG", []byte("LOL")...))
		long := bytes.Repeat([]byte{'z'}, 55)
		w.write(command("PING", append([]byte("\x00\x00LOL"), long...)...)...)
		w.expect(command("PONG", append([]byte("LOL"), long[:13]...)...)) // 16 bytes are what RFC 37 lets it keep
	}},
	{"time to live", "tcp", func(s *stage) {
		for _, c := range couples {
			events := s.Collector()
			server := s.bind(socket.Config{Type: c[1], Events: events.PID})
			s.connect(server, socket.Config{Type: c[0], Options: socket.Options{
				HeartbeatTTL: 100 * time.Millisecond, HeartbeatInterval: 300 * time.Millisecond, HeartbeatTimeout: 20 * time.Second}})
			rig.Await[*socket.HandshakeSucceeded](events)
			rig.Await[*socket.Disconnected](events) // for it has heard nothing in time
		}
	}},
	{"a peer that answers", network, func(s *stage) { s.beating(socket.Options{}, socket.Options{}) }},
	{"a peer that answers with CURVE", network, func(s *stage) {
		server, client := s.curve()
		server.ZAPDomain = ""
		s.beating(server, client)
	}},
	{"the option", "tcp", func(s *stage) {
		for ttl, good := range map[time.Duration]bool{
			6553500 * time.Millisecond: true, 6553600 * time.Millisecond: false, 99 * time.Millisecond: false,
		} {
			o := socket.Options{HeartbeatInterval: time.Second, HeartbeatTTL: ttl}
			if err := (socket.Config{Type: socket.Pair, Options: o}).Validate(); (err == nil) != good {
				s.T.Errorf("%v: %v", ttl, err)
			}
		}
	}},
}}

// beating has a server of every couple ping its client: longer than a silent client could have lasted.
func (s *stage) beating(server, client socket.Options) {
	server.HeartbeatInterval = beat
	type run struct {
		events *rig.Collector
		server *end
	}
	var runs []run
	for _, c := range couples {
		r := run{events: s.Collector()}
		r.server = s.bind(socket.Config{Type: c[1], Events: r.events.PID, Options: server})
		s.connect(r.server, socket.Config{Type: c[0], Options: client})
		rig.Await[*socket.HandshakeSucceeded](r.events)
		runs = append(runs, r)
	}
	// A mute one beside them has been given up when it has lost its fourth connection.
	mute := s.Collector()
	silent := s.bind(socket.Config{Type: socket.Router, Events: mute.PID, Options: socket.Options{HeartbeatInterval: beat}})
	for range 4 {
		s.dial(silent).handshake(0, "DEALER")
		rig.Await[*socket.Disconnected](mute)
	}
	for i, r := range runs {
		for len(r.events.Mail()) > 0 {
			if d, ok := (<-r.events.Mail()).Message.(*socket.Disconnected); ok {
				s.T.Error(couples[i], d)
			}
		}
	}
}
