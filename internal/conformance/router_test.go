package conformance

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// named is a DEALER with an identity.
func named(id string) socket.Config {
	return socket.Config{Type: socket.Dealer, Options: socket.Options{Identity: id}}
}

var routerMandatory = chapter{"router_mandatory", []scenario{
	{"no such peer", all, func(s *stage) {
		router := s.bind(socket.Config{Type: socket.Router})
		err := router.refused("UNKNOWN", "DATA")
		s.failed(err, messages.ErrUnreachable)
		s.failed(err, syscall.EHOSTUNREACH)
		dealer := s.meet(router, 0, named("X"))
		dealer.send("Hello")
		router.expect("X", "Hello")
		router.send("X", "Hello")
		dealer.expect("Hello")
	}},
	{"no such peer and nobody who minds", all, func(s *stage) {
		router := s.bind(socket.Config{Type: socket.Router, Options: socket.Options{DropUnroutable: true}})
		router.send("UNKNOWN", "DATA")
		dealer := s.meet(router, 0, named("X"))
		dealer.send("Hello")
		router.expect("X", "Hello")
		router.send("UNKNOWN", "DATA")
		router.send("X", "Hello")
		dealer.expect("Hello")
		if c := s.Counts(router.pid); c.Taken != 3 {
			s.T.Errorf("%+v", c)
		}
	}},
}}

var routerMandatoryHWM = chapter{"router_mandatory_hwm", []scenario{
	{"a mute peer", all, func(s *stage) {
		small := socket.Options{SendHWM: 1, RecvHWM: 1, SendBuffer: 16 << 10, RecvBuffer: 16 << 10, Linger: socket.NoLinger}
		router := s.bind(socket.Config{Type: socket.Router, Options: small})
		small.Identity = "X"
		// A DEALER is read for replies; one that nobody reads has a receiver that is stuck.
		gate := make(chan struct{})
		open := sync.OnceFunc(func() { close(gate) })
		defer open()
		stuck := s.Actor(func(c actor.Context) {
			if _, ok := c.Message().(*messages.Message); ok {
				<-gate
			}
		})
		dealer := s.meet(router, 0, socket.Config{Type: socket.Dealer, Window: 1, Deliver: socket.To(stuck), Options: small})
		dealer.send("Hello")
		router.expect("X", "Hello")
		for range 30 {
			s.Root.Send(router.pid, messages.Bytes([]byte("X"), make([]byte, 64<<10)))
		}
		router.blocked("X", "one more")
		if c := s.Counts(router.pid); c.Taken == 0 || c.Taken >= 20 || c.Taken+uint64(c.Queued) != 31 {
			s.T.Errorf("%+v", c)
		}
		// And nobody else minds.
		other := s.meet(router, 1, named("Y"))
		router.send("Y", "Hello")
		other.expect("Hello")
		open()
		s.until("everything has gone out", func() bool { return s.Counts(router.pid).Queued == 0 })
	}},
}}

var routerHandover = chapter{"router_handover", []scenario{
	{"with", all, func(s *stage) {
		router := s.bind(socket.Config{Type: socket.Router, Options: socket.Options{RouterHandover: true}})
		one := s.meet(router, 0, named("X"))
		one.send("Hello")
		router.expect("X", "Hello")
		two := s.connect(router, named("X"))
		two.send("Hello from two")
		router.expect("X", "Hello from two")
		router.send("X", "Hello")
		two.expect("Hello")
		one.Empty()
	}},
	{"without", all, func(s *stage) {
		router := s.bind(socket.Config{Type: socket.Router})
		one := s.meet(router, 0, named("X"))
		one.send("Hello")
		router.expect("X", "Hello")
		two := s.connect(router, named("X"))
		s.Peers(two.pid, 1)
		s.Root.Send(two.pid, messages.Text("ignored"))
		one.send("again")
		router.expect("X", "again")
		router.send("X", "Hello")
		one.expect("Hello")
		router.Empty()
		two.Empty()
	}},
}}

var probeRouter = chapter{"probe_router", []scenario{
	{"router", all, func(s *stage) { s.probe(socket.Router) }},
	{"dealer", all, func(s *stage) { s.probe(socket.Dealer) }},
}}

func (s *stage) probe(typ zmq.Type) {
	server := s.bind(socket.Config{Type: socket.Router})
	client := s.connect(server, socket.Config{Type: typ, Options: socket.Options{Identity: "X", ProbeRouter: true}})
	server.expect("X", "")
	server.send("X", "Hello")
	m := client.Message()
	if typ == socket.Router {
		if id := m.Frames[0]; len(id) != 5 || id[0] != 0 {
			s.T.Errorf("the server's routing id is %q", id)
		}
	}
	same(s, "body", texts(m.Body()), []string{"Hello"})
}

var connectRID = chapter{"connect_rid", []scenario{
	{"stream", "tcp", func(s *stage) {
		bound := s.bind(socket.Config{Type: socket.Stream, Options: socket.Options{StreamNotify: socket.Off}})
		conn := s.connect(bound, socket.Config{Type: socket.Stream, Options: socket.Options{StreamNotify: socket.Off},
			Configure: func(z *zmq.Socket) error { return z.SetConnectRid("conn1") }})
		conn.send("conn1", "hi 1")
		m := bound.Message()
		if len(m.Frames[0]) != 5 || m.Frames[0][0] != 0 {
			s.T.Errorf("routing id %q", m.Frames[0])
		}
		same(s, "body", texts(m.Body()), []string{"hi 1"})
	}},
	{"router", all, func(s *stage) {
		for _, names := range [][2]string{{}, {"X", "Y"}} {
			bound := s.bind(socket.Config{Type: socket.Router, Options: socket.Options{Identity: names[0]}})
			conn := s.connect(bound, socket.Config{Type: socket.Router, Options: socket.Options{Identity: names[1]},
				Configure: func(z *zmq.Socket) error { return z.SetConnectRid("conn1") }})
			conn.send("conn1", "hi 1")
			m, mail := rig.Take[*messages.Message](bound.Collector)
			if id := string(m.Frames[0]); id != names[1] && (names[1] != "" || len(id) != 5 || id[0] != 0) {
				s.T.Errorf("routing id %q of %q", id, names[1])
			}
			same(s, "body", texts(m.Body()), []string{"hi 1"})
			mail.Respond(messages.Text("ok"))
			conn.expect("conn1", "ok")
		}
	}},
	// Y knows X by a name that it has chosen; X, which Y has written to, chooses one for Z.
	{"router while receiving", network, func(s *stage) {
		z := s.bind(socket.Config{Type: socket.Router, Options: socket.Options{Identity: "Z"}})
		toZ := s.At(z.pid)[0]
		x := s.bind(socket.Config{Type: socket.Router, Options: socket.Options{Identity: "X"}, Connect: []string{toZ},
			Configure: func(n *zmq.Socket) error { return n.SetConnectRid("Z") }})
		y := s.connect(x, socket.Config{Type: socket.Router, Options: socket.Options{Identity: "Y"},
			Configure: func(n *zmq.Socket) error { return n.SetConnectRid("X") }})
		y.send("X", "hi 1")
		x.expect("Y", "hi 1")
		x.send("Z", "hi 1")
		z.expect("X", "hi 1")
		x.send("Y", "now you")
		y.expect("X", "now you")
	}},
}}

var issue566 = chapter{"issue_566", []scenario{
	// A ROUTER that tries to send before the peer is there does not spoil it for later.
	{"tries before there is a peer", network, func(s *stage) {
		router := s.bind(socket.Config{Type: socket.Router})
		for cycle := range 30 {
			id := fmt.Sprintf("%09d", cycle)
			s.failed(router.refused(id, "too early"), messages.ErrUnreachable)
			dealer := s.connect(router, named(id))
			s.until("the dealer is known", func() bool {
				err := messages.Put(s.Ctx, s.Root, router.pid, messages.Text(id, "HELLO"))
				if err != nil && !errors.Is(err, messages.ErrUnreachable) {
					s.T.Fatal(err)
				}
				return err == nil
			})
			dealer.expect("HELLO")
			s.Stop(dealer.pid)
		}
	}},
}}

var invalidRep = chapter{"invalid_rep", []scenario{
	{"a reply that is none", "inproc", func(s *stage) {
		for _, noCorrelate := range []bool{true, false} {
			router := s.bind(socket.Config{Type: socket.Router})
			req := s.meet(router, 0, socket.Config{Type: socket.Req, Options: socket.Options{NoCorrelate: noCorrelate}})
			s.Root.Send(req.pid, messages.Text("r"))
			m := router.Message()
			envelope := m.Frames[:m.Envelope]
			s.failed(router.refused(string(m.Frames[0])), messages.ErrMalformed) // libzmq's test sends this
			s.Put(router.pid, messages.Bytes(m.Frames[0], []byte("no envelope")))
			s.Put(router.pid, messages.Bytes(append(envelope[:len(envelope):len(envelope)], []byte("b"))...))
			req.expect("b")
		}
	}},
	// Over the network libzmq's REQ hangs up on such a ROUTER, and does not come back by itself.
	{"a reply that is none ends the connection", network, func(s *stage) {
		router, events := s.bind(socket.Config{Type: socket.Router}), s.Collector()
		req := s.connect(router, socket.Config{Type: socket.Req, Events: events.PID, ReplyTimeout: 1500 * time.Millisecond, Retries: 3})
		reply := make(chan []string, 1)
		go func() { reply <- req.ask("r") }()
		m := router.Message()
		router.send(string(m.Frames[0]), "no envelope")
		rig.Await[*socket.Disconnected](events)
		failed, _ := rig.Await[*socket.Failed](events)
		if none := new(socket.NoReplyError); !errors.As(failed.Err, &none) {
			s.T.Error(failed)
		}
		router.serve("r", "b")
		same(s, "reply", <-reply, []string{"b"})
	}},
}}
