package conformance

import (
	"fmt"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

func pair() socket.Config { return socket.Config{Type: socket.Pair} }

var inprocConnect = chapter{"inproc_connect", []scenario{
	{"bind before connect", all, func(s *stage) {
		a := s.bind(pair())
		s.connect(a, pair()).send("foobar")
		a.expect("foobar")
	}},
	{"connect before bind", all, func(s *stage) {
		at := s.reserve()
		b := s.spawn(socket.Config{Type: socket.Pair, Connect: []string{at}})
		b.send("foobar")
		s.spawn(socket.Config{Type: socket.Pair, Bind: []string{at}}).expect("foobar")
	}},
	{"publisher connects before bind", all, func(s *stage) {
		at := s.reserve()
		pub := s.spawn(socket.Config{Type: socket.Pub, Connect: []string{at}})
		pub.send("before")
		sub := s.spawn(socket.Config{Type: socket.Sub, Bind: []string{at}, Subscribe: []string{""}})
		s.Peers(pub.pid, 1)
		pub.send("after")
		sub.expect("after")
	}},
	{"connect without a bind", all, func(s *stage) {
		for range 20 {
			s.Stop(s.spawn(socket.Config{Type: socket.Router, Connect: []string{s.reserve()}}).pid)
		}
		push := s.spawn(socket.Config{Type: socket.Push, Connect: []string{s.reserve()}})
		s.At(push.pid)
	}},
	{"many connects before the bind", all, func(s *stage) {
		at := s.reserve()
		for range 10 {
			s.spawn(socket.Config{Type: socket.Push, Connect: []string{at}}).send("foobar")
		}
		pull := s.spawn(socket.Config{Type: socket.Pull, Bind: []string{at}})
		for range 10 {
			pull.expect("foobar")
		}
	}},
	{"threads that share a context", "inproc", func(s *stage) {
		at := s.Endpoint("inproc")
		for range 5 {
			beside := s.Beside(zmqthread.Config{Share: s.Thread})
			for range 6 {
				pid := s.SpawnOn(beside, socket.Config{Type: socket.Push, Connect: []string{at}})
				s.Put(pid, messages.Text("foobar"))
				s.Stop(pid)
			}
		}
		pull := s.spawn(socket.Config{Type: socket.Pull, Bind: []string{at}})
		for range 30 {
			pull.expect("foobar")
		}
	}},
	{"connect and bind at once", "inproc", func(s *stage) {
		beside := s.Beside(zmqthread.Config{Share: s.Thread})
		for i := range 50 {
			at := fmt.Sprint("inproc://foo_", i)
			sub := s.SpawnOn(beside, socket.Config{Type: socket.Sub, Connect: []string{at}})
			pub := s.Spawn(socket.Config{Type: socket.Pub, Bind: []string{at}})
			s.Root.Stop(sub)
			s.Root.Stop(pub)
		}
	}},
	{"routing id", all, func(s *stage) {
		at := s.reserve()
		dealer := s.spawn(socket.Config{Type: socket.Dealer, Connect: []string{at}})
		router := s.spawn(socket.Config{Type: socket.Router, Bind: []string{at}})
		dealer.send("A", "B")
		m := router.Message()
		if id := m.Frames[0]; len(id) != 5 || id[0] != 0 {
			s.T.Errorf("routing id %q", id)
		}
		same(s, "body", texts(m.Body()), []string{"A", "B"})
	}},
	{"unbind", all, func(s *stage) {
		one := s.bind(pair())
		at := s.At(one.pid)[0]
		s.Do(one.pid, &messages.Unbind{Endpoint: at})
		two := s.spawn(socket.Config{Type: socket.Pair, Bind: []string{at}})
		s.connect(two, pair()).send("foobar")
		two.expect("foobar")
		one.Empty()
	}},
	{"shutdown while it waits for the bind", all, func(s *stage) {
		s.spawn(socket.Config{Type: socket.Pair, Connect: []string{s.reserve()}})
		s.Shutdown()
	}},
}}

var immediate = chapter{"immediate", []scenario{
	{"half of it waits for nobody", network, func(s *stage) {
		pull := s.bind(socket.Config{Type: socket.Pull})
		push := s.spawn(socket.Config{Type: socket.Push, Connect: []string{s.reserve(), s.At(pull.pid)[0]}})
		s.Peers(push.pid, 1)
		for range 10 {
			push.send("Hello")
		}
		push.send("mark")
		push.send("mark")
		for range 5 {
			pull.expect("Hello")
		}
		pull.expect("mark")
	}},
	{"immediate", network, func(s *stage) {
		pull := s.bind(socket.Config{Type: socket.Pull})
		push := s.spawn(socket.Config{Type: socket.Push, Connect: []string{s.reserve(), s.At(pull.pid)[0]},
			Options: socket.Options{Immediate: true}})
		for range 10 {
			push.send("Hello")
		}
		for range 10 {
			pull.expect("Hello")
		}
	}},
	{"a connection that breaks", network, func(s *stage) {
		backend, events := s.bind(socket.Config{Type: socket.Dealer}), s.Collector()
		at := s.At(backend.pid)
		frontend := s.connect(backend, socket.Config{Type: socket.Dealer, Events: events.PID,
			Options: socket.Options{Immediate: true, ReconnectInterval: 10 * time.Millisecond}})
		s.bounce(frontend, backend)
		s.Stop(backend.pid)
		rig.Await[*socket.Disconnected](events)
		rig.Await[*socket.ConnectRetried](events)
		s.until("libzmq knows that nobody is there", func() bool { return frontend.waits("waits") })
		backend = s.spawn(socket.Config{Type: socket.Dealer, Bind: at})
		backend.expect("waits")
		s.bounce(frontend, backend)
	}},
}}

var reconnectIvl = chapter{"reconnect_ivl", []scenario{
	{"never", network, func(s *stage) { s.never(socket.Options{}) }},
	{"never over IPv6", "tcp", func(s *stage) { s.never(socket.Options{IPv6: true}) }},
}}

// never reconnects, except on request.
func (s *stage) never(o socket.Options) {
	at := s.Endpoint(s.transport)
	if o.IPv6 {
		at = "tcp://[::1]:*"
	}
	bound := s.spawn(socket.Config{Type: socket.Pair, Bind: []string{at}, Options: o})
	at = s.At(bound.pid)[0]
	events := s.Collector()
	o.ReconnectInterval = socket.NoReconnect
	conn := s.connect(bound, socket.Config{Type: socket.Pair, Events: events.PID, Options: o})
	s.bounce(bound, conn)
	s.Do(bound.pid, &messages.Unbind{Endpoint: at})
	rig.Await[*socket.Disconnected](events)
	s.until("libzmq knows that nobody is there", func() bool { return bound.waits("nobody there") })
	s.Do(bound.pid, &messages.Bind{Endpoint: at})
	conn.Empty()
	if n, err := socket.PeerCount(s.Ctx, s.Root, conn.pid); n != 0 || err != nil {
		s.T.Errorf("%d peers, %v", n, err)
	}
	s.Do(conn.pid, &messages.Connect{Endpoint: at})
	conn.expect("nobody there")
	s.bounce(bound, conn)
}

var reconnectOptions = chapter{"reconnect_options", []scenario{
	{"default", network, func(s *stage) { s.again(socket.Options{}) }},
	{"growing", network, func(s *stage) {
		s.again(socket.Options{ReconnectInterval: 5 * time.Millisecond, ReconnectMax: 50 * time.Millisecond})
	}},
}}

// again is a connection that comes back with the one that was bound.
func (s *stage) again(o socket.Options) {
	events := s.Collector()
	pub := s.bind(socket.Config{Type: socket.Pub})
	at := s.At(pub.pid)
	sub := s.connect(pub, socket.Config{Type: socket.Sub, Subscribe: []string{""}, Events: events.PID, Options: o})
	s.Peers(pub.pid, 1)
	s.Stop(pub.pid)
	rig.Await[*socket.Disconnected](events)
	most := max(2*o.ReconnectMax, 200*time.Millisecond)
	for range 3 {
		if r, _ := rig.Await[*socket.ConnectRetried](events); r.In > most {
			s.T.Error(r)
		}
	}
	pub = s.spawn(socket.Config{Type: socket.Pub, Bind: at})
	s.Peers(pub.pid, 1)
	pub.send("Hello")
	sub.expect("Hello")
}

var monitor = chapter{"monitor", []scenario{
	{"basic", network, func(s *stage) { s.monitored(s.Endpoint(s.transport), socket.Options{}) }},
	{"IPv6", "tcp", func(s *stage) { s.monitored("tcp://[::1]:*", socket.Options{IPv6: true}) }},
	{"without", network, func(s *stage) {
		events := s.Collector()
		a := s.bind(socket.Config{Type: socket.Pair, NoMonitor: true, Events: events.PID})
		s.bounce(a, s.connect(a, pair()))
		s.Stop(a.pid)
		rig.Take[*socket.Opened](events)
		rig.Take[*socket.Stopped](events)
	}},
}}

func (s *stage) monitored(at string, o socket.Options) {
	there, here := s.Collector(), s.Collector()
	server := s.spawn(socket.Config{Type: socket.Dealer, Bind: []string{at}, Options: o, Events: there.PID})
	client := s.connect(server, socket.Config{Type: socket.Dealer, Options: o, Events: here.PID})
	at = s.At(server.pid)[0]
	s.bounce(server, client)
	listening, _ := rig.Await[*socket.Listening](there)
	accepted, _ := rig.Await[*socket.Accepted](there)
	greeted, _ := rig.Await[*socket.HandshakeSucceeded](there)
	connected, _ := rig.Await[*socket.Connected](here)
	done, _ := rig.Await[*socket.HandshakeSucceeded](here)
	same(s, "endpoints", []string{listening.Endpoint, accepted.Endpoint, greeted.Endpoint, connected.Endpoint, done.Endpoint},
		[]string{at, at, at, at, at})
	if s.transport == "tcp" && (connected.Peer != at || accepted.Peer == "" || accepted.Peer == at) {
		s.T.Errorf("connected to %s, accepted %s", connected.Peer, accepted.Peer)
	}
	s.Stop(client.pid)
	if d, _ := rig.Await[*socket.Disconnected](there); d.Endpoint != at {
		s.T.Error(d)
	}
	rig.Await[*socket.Stopped](here)
	s.Stop(server.pid)
	rig.Await[*socket.Stopped](there)
}
