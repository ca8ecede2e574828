package conformance

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

var lastEndpoint = chapter{"last_endpoint", []scenario{
	{"as they are bound", all, func(s *stage) {
		router := s.bind(socket.Config{Type: socket.Router})
		one := s.At(router.pid)
		two := s.Do(router.pid, &messages.Bind{Endpoint: s.Endpoint(s.transport)}).Endpoint
		same(s, "endpoints", s.At(router.pid), append(one, two))
		for _, at := range s.At(router.pid) {
			dealer := s.spawn(socket.Config{Type: socket.Dealer, Connect: []string{at}})
			dealer.send("Hello")
			same(s, "body", texts(router.Message().Body()), []string{"Hello"})
		}
	}},
}}

var ipcWildcard = chapter{"ipc_wildcard", []scenario{
	{"wildcard", "ipc", func(s *stage) {
		a := s.spawn(socket.Config{Type: socket.Pair, Bind: []string{"ipc://*"}})
		if at := s.At(a.pid)[0]; !strings.HasPrefix(at, "ipc://") || strings.Contains(at, "*") {
			s.T.Errorf("bound to %s", at)
		}
		s.bounce(a, s.connect(a, pair()))
	}},
}}

var unbindWildcard = chapter{"unbind_wildcard", []scenario{
	{"address", "tcp", func(s *stage) { s.unbound("tcp://*:*", socket.Options{}) }},
	{"address over IPv6", "tcp", func(s *stage) { s.unbound("tcp://*:*", socket.Options{IPv6: true}) }},
	{"port", "tcp", func(s *stage) { s.unbound("tcp://127.0.0.1:*", socket.Options{}) }},
	{"port of IPv4 with IPv6", "tcp", func(s *stage) { s.unbound("tcp://127.0.0.1:*", socket.Options{IPv6: true}) }},
	{"port of IPv6", "tcp", func(s *stage) { s.unbound("tcp://[::1]:*", socket.Options{IPv6: true}) }},
}}

// unbound asks a REP that is bound with a wildcard, and then parts the two by the endpoint that it got.
func (s *stage) unbound(wildcard string, o socket.Options) {
	s.T.Helper()
	rep := s.spawn(socket.Config{Type: socket.Rep, Bind: []string{wildcard}, Options: o, Deliver: socket.To(s.Echo())})
	at := s.At(rep.pid)[0]
	req := s.connect(rep, socket.Config{Type: socket.Req, Options: o})
	same(s, "reply", req.ask("Hello"), []string{"Hello"})
	s.Do(req.pid, &messages.Disconnect{Endpoint: at})
	s.Do(rep.pid, &messages.Unbind{Endpoint: at})
	same(s, "endpoints", s.At(rep.pid), nil)
}

var termEndpoint = chapter{"term_endpoint", []scenario{
	{"send after unbind", all, func(s *stage) {
		push := s.bind(socket.Config{Type: socket.Push})
		at := s.At(push.pid)[0]
		pull := s.connect(push, socket.Config{Type: socket.Pull})
		push.send("ABC")
		pull.expect("ABC")
		s.Do(push.pid, &messages.Unbind{Endpoint: at})
		if s.transport == "inproc" { // where an unbind leaves the pipes there are
			push.send("ABC")
			pull.expect("ABC")
			return
		}
		s.until("libzmq knows that nobody is there", func() bool { return push.waits("ABC") })
	}},
	{"send after disconnect", all, func(s *stage) {
		pull := s.bind(socket.Config{Type: socket.Pull})
		push := s.connect(pull, socket.Config{Type: socket.Push})
		push.send("ABC")
		pull.expect("ABC")
		s.Do(push.pid, &messages.Disconnect{Endpoint: s.At(pull.pid)[0]})
		s.until("libzmq knows that nobody is there", func() bool { return push.waits("ABC") })
	}},
	{"unbind by the endpoint that it got", network, func(s *stage) {
		push := s.spawn(socket.Config{Type: socket.Push, Bind: []string{s.wildcard()}})
		s.Do(push.pid, &messages.Unbind{Endpoint: s.At(push.pid)[0]})
		same(s, "endpoints", s.At(push.pid), nil)
	}},
	{"unbind by the wildcard", network, func(s *stage) {
		push := s.spawn(socket.Config{Type: socket.Push, Bind: []string{s.wildcard()}})
		s.At(push.pid)
		s.Do(push.pid, &messages.Unbind{Endpoint: s.wildcard()})
		same(s, "endpoints", s.At(push.pid), nil)
		_, err := messages.Call(s.Ctx, s.Root, push.pid, &messages.Unbind{Endpoint: s.wildcard()})
		s.failed(err, syscall.ENOENT)
	}},
}}

func (s *stage) wildcard() string {
	return map[string]string{"tcp": "tcp://127.0.0.1:*", "ipc": "ipc://*"}[s.transport]
}

var bindAfterConnect = chapter{"bind_after_connect_tcp", []scenario{
	{"bind after connect", network, func(s *stage) {
		at := s.reserve()
		dealer := s.spawn(socket.Config{Type: socket.Dealer, Connect: []string{at}})
		for _, text := range []string{"foobar", "baz", "buzz"} {
			dealer.send(text)
		}
		bound := s.spawn(socket.Config{Type: socket.Dealer, Bind: []string{at}})
		for _, text := range []string{"foobar", "baz", "buzz"} {
			bound.expect(text)
		}
	}},
}}

var rebindIPC = chapter{"rebind_ipc", []scenario{
	{"rebind", network, func(s *stage) {
		pull := s.bind(socket.Config{Type: socket.Pull})
		at, events := s.At(pull.pid)[0], s.Collector()
		push := s.spawn(socket.Config{Type: socket.Push, Connect: []string{at}, Events: events.PID})
		push.send("42")
		pull.expect("42")
		s.Stop(pull.pid)
		rig.Await[*socket.Disconnected](events)
		push.send("42")
		pull = s.spawn(socket.Config{Type: socket.Pull, Bind: []string{at}})
		pull.expect("42")
	}},
}}

var connectResolve = chapter{"connect_resolve", []scenario{
	{"names", "tcp", func(s *stage) {
		for at, good := range map[string]bool{
			"tcp://localhost:1234": true, "tcp://[::1]:1234": true, "tcp://in val id:1234": false, "tcp://": false,
			"tcp://localhost:invalid": false, "tcp://192.168.0.200:*": false, "invalid://localhost:1234": false,
		} {
			pub := s.spawn(socket.Config{Type: socket.Pub, Options: socket.Options{IPv6: strings.Contains(at, "::")}})
			if _, err := messages.Call(s.Ctx, s.Root, pub.pid, &messages.Connect{Endpoint: at}); (err == nil) != good {
				s.T.Errorf("%s: %v", at, err)
			}
			if err := (socket.Config{Type: socket.Pub, Connect: []string{at}}).Validate(); (err == nil) != good {
				s.T.Errorf("%s: %v", at, err)
			}
		}
	}},
}}

var bindSrcAddress = chapter{"bind_src_address", []scenario{
	{"source address", "tcp", func(s *stage) {
		events := s.Collector()
		bound := s.bind(socket.Config{Type: socket.Dealer, Events: events.PID})
		to := strings.TrimPrefix(s.At(bound.pid)[0], "tcp://")
		from := s.spawn(socket.Config{Type: socket.Dealer, Connect: []string{"tcp://127.0.0.5:0;" + to}})
		s.bounce(bound, from)
		if a, _ := rig.Await[*socket.Accepted](events); !strings.HasPrefix(a.Peer, "tcp://127.0.0.5:") {
			s.T.Error(a)
		}
	}},
}}

var tcpAcceptFilter = chapter{"tcp_accept_filter", []scenario{
	{"filters", "tcp", func(s *stage) {
		for filter, good := range map[string]bool{"foo": false, "0.0.0.0/foo": false, "0.0.0.0/-1": false, "0.0.0.0/33": false,
			"127.0.0.0/8": true, "127.0.0.1": true} {
			bound := s.spawn(filtered(filter))
			if _, err := socket.Endpoints(s.Ctx, s.Root, bound.pid); (err == nil) != good {
				s.T.Errorf("%s: %v", filter, err)
			}
			if good {
				s.bounce(bound, s.connect(bound, pair()))
			}
		}
	}},
	{"not matching", "tcp", func(s *stage) {
		w := s.dial(s.spawn(filtered("127.0.0.7")))
		w.ended()
	}},
}}

// filtered lets only some addresses in; with an option that is deprecated, hence Configure.
func filtered(filter string) socket.Config {
	return socket.Config{Type: socket.Pair, Bind: []string{"tcp://127.0.0.1:*"},
		Configure: func(z *zmq.Socket) error { return z.SetTcpAcceptFilter(filter) }}
}

var abstractIPC = chapter{"abstract_ipc", []scenario{
	{"roundtrip", "ipc", func(s *stage) {
		name := "ipc://@" + filepath.Base(s.Dir())
		a := s.spawn(socket.Config{Type: socket.Pair, Bind: []string{name}})
		same(s, "endpoint", s.At(a.pid), []string{name})
		s.bounce(a, s.connect(a, pair()))
	}},
	{"no name", "ipc", func(s *stage) {
		if err := (socket.Config{Type: socket.Pair, Bind: []string{"ipc://@"}}).Validate(); err == nil {
			s.T.Error("a name of nothing is taken")
		}
	}},
}}

var useFD = chapter{"use_fd", []scenario{
	{"pair", network, func(s *stage) { s.fromFD(socket.Config{Type: socket.Pair}, socket.Config{Type: socket.Pair}) }},
	{"dealer and router", network, func(s *stage) { s.fromFD(socket.Config{Type: socket.Dealer}, socket.Config{Type: socket.Dealer}) }},
}}

// fromFD binds a socket to a descriptor that listens already. It is good for one bind, so a reopen would fail.
func (s *stage) fromFD(binds, connects socket.Config) {
	network, address, at := "tcp", "127.0.0.1:0", ""
	if s.transport == "ipc" {
		network, address = "unix", filepath.Join(s.Dir(), "fd.sock")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		s.T.Fatal(err)
	}
	var f *os.File
	switch l := l.(type) {
	case *net.TCPListener:
		at = "tcp://" + l.Addr().String()
		f, err = l.File()
	case *net.UnixListener:
		at = "ipc://" + address
		l.SetUnlinkOnClose(false)
		f, err = l.File()
	}
	if err != nil {
		s.T.Fatal(err)
	}
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		s.T.Fatal(err)
	}
	f.Close()
	l.Close()
	binds.Bind, binds.Configure = []string{at}, func(z *zmq.Socket) error { return z.SetUseFd(fd) }
	bound := s.spawn(binds)
	s.At(bound.pid)
	connects.Connect = []string{at}
	s.bounce(bound, s.spawn(connects))
}

var diffserv = chapter{"diffserv", []scenario{
	{"type of service", "tcp", func(s *stage) {
		tos := make(chan int, 1)
		bound := s.bind(socket.Config{Type: socket.Pair, Options: socket.Options{TOS: 0x28}, Configure: func(z *zmq.Socket) error {
			v, err := z.GetTos()
			tos <- v
			return err
		}})
		if v := <-tos; v != 0x28 {
			s.T.Errorf("%#x", v)
		}
		s.bounce(bound, s.connect(bound, socket.Config{Type: socket.Pair, Options: socket.Options{TOS: 0x58}}))
	}},
}}

var setsockopt = chapter{"setsockopt", []scenario{
	{"kernel buffers", "tcp", func(s *stage) {
		type sizes struct{ send, recv int }
		got := make(chan sizes, 1)
		bound := s.bind(socket.Config{Type: socket.Pull, Options: socket.Options{SendBuffer: 16384, RecvBuffer: 32768},
			Configure: func(z *zmq.Socket) error {
				send, err := z.GetSndbuf()
				recv, _ := z.GetRcvbuf()
				got <- sizes{send, recv}
				return err
			}})
		if v := <-got; v != (sizes{16384, 32768}) {
			s.T.Errorf("%+v", v)
		}
		s.connect(bound, socket.Config{Type: socket.Push}).send("Hello")
		bound.expect("Hello")
	}},
}}

var srcfd = chapter{"srcfd", []scenario{
	{"where a peer is", "tcp", func(s *stage) {
		events := s.Collector()
		rep := s.bind(socket.Config{Type: socket.Rep, Events: events.PID, Deliver: socket.To(s.Echo())})
		req := s.connect(rep, socket.Config{Type: socket.Req})
		req.ask("Hello")
		greeted, _ := rig.Await[*socket.HandshakeSucceeded](events)
		if host, _, err := net.SplitHostPort(strings.TrimPrefix(greeted.Peer, "tcp://")); err != nil || host != "127.0.0.1" {
			s.T.Error(greeted, err)
		}
		s.Stop(req.pid)
		if d, _ := rig.Await[*socket.Disconnected](events); d.Peer != greeted.Peer {
			s.T.Error(d)
		}
	}},
}}
