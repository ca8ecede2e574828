package conformance

import (
	"bytes"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// raw is one connection of a STREAM, whose bytes come in pieces of any size.
type raw struct {
	*end
	id  string
	got []byte
}

// opened takes the empty message that says that a connection is there.
func (e *end) opened() *raw {
	e.s.T.Helper()
	m := e.Message()
	same(e.s, "the notice of a connection", texts(m.Body()), []string{""})
	return &raw{end: e, id: string(m.Frames[0])}
}

// read takes the next n bytes.
func (r *raw) read(n int) []byte {
	r.s.T.Helper()
	for len(r.got) < n {
		m := r.Message()
		if len(m.Frames) != 2 || string(m.Frames[0]) != r.id || len(m.Frames[1]) == 0 {
			r.s.T.Fatalf("received %v with %d bytes to come", brief(m), n-len(r.got))
		}
		r.got = append(r.got, m.Frames[1]...)
	}
	b := r.got[:n:n]
	r.got = r.got[n:]
	return b
}

func (r *raw) write(b []byte) {
	r.s.T.Helper()
	r.s.Put(r.pid, messages.Bytes([]byte(r.id), b))
}

// want takes bytes that must be these.
func (r *raw) want(b []byte) {
	r.s.T.Helper()
	if got := r.read(len(b)); !bytes.Equal(got, b) {
		r.s.T.Fatalf("read %q, want %q", got, b)
	}
}

var streamSocket = chapter{"stream", []scenario{
	{"to a dealer", "tcp", func(s *stage) {
		stream := s.bind(socket.Config{Type: socket.Stream})
		dealer := s.connect(stream, socket.Config{Type: socket.Dealer})
		s.Root.Send(dealer.pid, messages.Text("Hello"))
		r := stream.opened()
		hello := greeting(1, "NULL")
		r.want([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f})
		r.write(hello)
		r.want(hello[10:])
		r.want(command("READY", append(property("Socket-Type", "DEALER"), property("Identity", "")...)...))
		r.write(command("READY", append(property("Socket-Type", "ROUTER"), property("Identity", "")...)...))
		r.want(frame(0, []byte("Hello")))
		r.write(frame(0, []byte("World")))
		dealer.expect("World")
		large := bytes.Repeat([]byte{0xab}, 64000)
		s.Put(dealer.pid, messages.Bytes(large))
		r.want(frame(0, large))
	}},
	{"to a stream", "tcp", func(s *stage) {
		server := s.bind(socket.Config{Type: socket.Stream})
		client := s.connect(server, socket.Config{Type: socket.Stream})
		there, here := server.opened(), client.opened()
		here.write([]byte("GET /\n\n"))
		there.want([]byte("GET /\n\n"))
		there.write([]byte("HTTP/1.0 200 OK\r\n\r\nHello, World!"))
		there.write(nil) // closes the connection
		here.want([]byte("HTTP/1.0 200 OK\r\n\r\nHello, World!"))
		client.expect(here.id, "") // which libzmq's test waits for in vain
	}},
}}

var streamDisconnect = chapter{"stream_disconnect", []scenario{
	{"by the client", "tcp", func(s *stage) {
		server := s.spawn(socket.Config{Type: socket.Stream, Bind: []string{"tcp://0.0.0.0:*"}})
		client := s.connect(server, socket.Config{Type: socket.Stream})
		there, here := server.opened(), client.opened()
		here.write([]byte("i can haz cheez burger?"))
		there.want([]byte("i can haz cheez burger?"))
		there.write([]byte("y u no disonnect?"))
		here.want([]byte("y u no disonnect?"))
		here.write(nil)
		server.expect(there.id, "")
		// libzmq tells of the end before it gives the connection up, and takes what is sent in between.
		rig.Until(s.T, "nobody is there", func() bool {
			err := messages.Put(s.Ctx, s.Root, server.pid, messages.Text(there.id, "anybody there?"))
			if err != nil {
				s.failed(err, messages.ErrUnreachable)
			}
			return err != nil
		})
	}},
}}

var streamEmpty = chapter{"stream_empty", []scenario{
	{"an empty frame", "tcp", func(s *stage) {
		stream, events := s.bind(socket.Config{Type: socket.Stream}), s.Collector()
		s.connect(stream, socket.Config{Type: socket.Dealer, Events: events.PID, Options: socket.Options{ReconnectInterval: socket.NoReconnect}})
		stream.opened().write(nil)
		rig.Await[*socket.Disconnected](events)
		s.failed(stream.refused("\x00\x00\x00\x00\x00", "three", "frames"), messages.ErrMalformed)
	}},
}}

var streamExceedsBuffer = chapter{"stream_exceeds_buffer", []scenario{
	{"more than a buffer", "tcp", func(s *stage) {
		at, accept := s.listen()
		stream := s.spawn(socket.Config{Type: socket.Stream, Connect: []string{at}})
		w := accept()
		b := bytes.Repeat([]byte{0xde, 0xad, 0xbe, 0xef}, 8193)
		go w.write(b...)
		stream.opened().want(b)
	}},
}}

var streamTimeout = chapter{"stream_timeout", []scenario{
	{"accept", "tcp", func(s *stage) {
		events := s.Collector()
		s.connect(s.bind(socket.Config{Type: socket.Dealer, Events: events.PID, Options: hurried}), socket.Config{Type: socket.Stream})
		rig.Await[*socket.Accepted](events)
		rig.Await[*socket.Disconnected](events)
	}},
	{"connect", "tcp", func(s *stage) {
		events := s.Collector()
		s.connect(s.bind(socket.Config{Type: socket.Stream}), socket.Config{Type: socket.Dealer, Events: events.PID, Options: hurried})
		rig.Await[*socket.Connected](events)
		rig.Await[*socket.Disconnected](events)
	}},
}}

var hurried = socket.Options{HandshakeInterval: 50 * time.Millisecond}
