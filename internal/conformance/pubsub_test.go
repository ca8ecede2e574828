package conformance

import (
	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// subscribe and unsubscribe change what a SUB or XSUB wants.
func (e *end) subscribe(topic string) {
	e.s.T.Helper()
	e.s.Do(e.pid, &messages.Subscribe{Topic: []byte(topic)})
}

func (e *end) unsubscribe(topic string) {
	e.s.T.Helper()
	e.s.Do(e.pid, &messages.Unsubscribe{Topic: []byte(topic)})
}

// set changes options of a running socket.
func (e *end) set(o socket.Options) { e.s.T.Helper(); e.s.Do(e.pid, &socket.SetOptions{Options: o}) }

func subscriber(topics ...string) socket.Config {
	return socket.Config{Type: socket.Sub, Subscribe: topics}
}

// A subscription that XPUB must not tell of is followed by one that it must: mark.
var xpubVerbose = chapter{"xpub_verbose", []scenario{
	{"one subscriber", all, func(s *stage) {
		pub := s.bind(socket.Config{Type: socket.XPub})
		sub := s.connect(pub, subscriber("A"))
		pub.expect("\x01A")
		sub.subscribe("B")
		pub.expect("\x01B")
		sub.subscribe("A")
		sub.subscribe("mark")
		pub.expect("\x01mark")
		pub.set(socket.Options{XPubVerbose: true})
		sub.subscribe("A")
		pub.expect("\x01A")
		pub.send("A")
		pub.send("B")
		sub.expect("A")
		sub.expect("B")
	}},
	{"two subscribers", all, func(s *stage) {
		pub, sub0, sub1 := s.twoSubs()
		sub0.subscribe("B")
		pub.expect("\x01B")
		pub.set(socket.Options{XPubVerbose: true})
		sub1.subscribe("A")
		pub.expect("\x01A")
		pub.send("A")
		pub.send("B")
		sub0.expect("A")
		sub1.expect("A")
		sub0.expect("B")
	}},
	{"verboser to one subscriber", all, func(s *stage) {
		pub := s.bind(socket.Config{Type: socket.XPub})
		sub := s.connect(pub, subscriber("A"))
		pub.expect("\x01A")
		sub.unsubscribe("A")
		pub.expect("\x00A")
		sub.unsubscribe("A") // there is none any more: the SUB keeps it to itself
		sub.subscribe("mark")
		pub.expect("\x01mark")
		pub.set(socket.Options{XPubVerboser: true})
		sub.subscribe("A")
		pub.expect("\x01A")
		pub.send("A")
		sub.expect("A")
		sub.unsubscribe("A")
		pub.expect("\x00A")
		sub.unsubscribe("A")
		sub.subscribe("mark")
		pub.expect("\x01mark")
	}},
	{"verboser to two subscribers", all, func(s *stage) {
		pub, sub0, sub1 := s.twoSubs()
		sub0.unsubscribe("A")
		sub0.subscribe("mark")
		pub.expect("\x01mark")
		sub1.unsubscribe("A")
		pub.expect("\x00A")
		pub.set(socket.Options{XPubVerboser: true})
		for _, sub := range []*end{sub0, sub1} {
			sub.subscribe("A")
			pub.expect("\x01A")
		}
		pub.send("A")
		sub0.expect("A")
		sub1.expect("A")
		for _, sub := range []*end{sub0, sub1} {
			sub.unsubscribe("A")
			pub.expect("\x00A")
		}
		sub1.unsubscribe("A")
		sub1.subscribe("mark")
		pub.expect("\x01mark")
	}},
}}

// twoSubs are an XPUB and two who have subscribed to A.
func (s *stage) twoSubs() (pub, sub0, sub1 *end) {
	s.T.Helper()
	pub = s.bind(socket.Config{Type: socket.XPub})
	sub0 = s.connect(pub, subscriber("A"))
	pub.expect("\x01A")
	sub1 = s.connect(pub, subscriber("A", "mark"))
	pub.expect("\x01mark")
	sub1.unsubscribe("mark")
	pub.expect("\x00mark")
	return pub, sub0, sub1
}

var xpubWelcome = chapter{"xpub_welcome_msg", []scenario{
	{"welcome", all, func(s *stage) {
		pub := s.bind(socket.Config{Type: socket.XPub, Options: socket.Options{XPubWelcome: "W"}})
		sub := s.connect(pub, subscriber("W"))
		pub.expect("\x01W")
		sub.expect("W")
	}},
}}

var xpubNodrop = chapter{"xpub_nodrop", []scenario{
	{"nodrop", all, func(s *stage) {
		const hwm = 500
		pub := s.bind(socket.Config{Type: socket.XPub, Options: socket.Options{SendHWM: hwm}})
		sub := s.connect(pub, socket.Config{Type: socket.Sub, Subscribe: []string{""}, Deliver: nobody,
			Options: socket.Options{RecvHWM: hwm, RecvBuffer: 4 << 10}})
		pub.expect("\x01")
		pub.fill(hwm-1, hwm-1)
		sub.read()
		sub.Messages(hwm - 1)
		sub.mute()
		// What cannot be taken waits, and nothing of it is lost.
		const n = 5 * hwm
		for range n {
			s.Root.Send(pub.pid, messages.Bytes(make([]byte, 4<<10)))
		}
		pub.blocked("end")
		if c := s.Counts(pub.pid); c.Queued == 0 {
			s.T.Errorf("%+v", c)
		}
		sub.read()
		sub.Messages(n)
		sub.expect("end")
	}},
}}

var subForward = chapter{"sub_forward", []scenario{
	{"by hand", all, func(s *stage) {
		xpub, xsub := s.bind(socket.Config{Type: socket.XPub}), s.bind(socket.Config{Type: socket.XSub})
		pub := s.connect(xsub, socket.Config{Type: socket.Pub})
		sub := s.connect(xpub, subscriber(""))
		s.Put(xsub.pid, xpub.expect("\x01"))
		s.Peers(pub.pid, 1)
		pub.send("")
		s.Put(xpub.pid, xsub.expect(""))
		sub.expect("")
	}},
	{"by receivers", all, func(s *stage) {
		xpub, xsub := s.relay(socket.XPub, socket.XSub)
		sub := s.connect(xpub, subscriber("news"))
		pub := s.connect(xsub, socket.Config{Type: socket.Pub})
		s.Peers(pub.pid, 1)
		pub.send("weather")
		pub.send("news", "body")
		sub.expect("news", "body")
	}},
}}

var invertMatching = chapter{"pub_invert_matching", []scenario{
	{"invert", all, func(s *stage) {
		pub := s.bind(socket.Config{Type: socket.Pub})
		sub1 := s.meet(pub, 0, subscriber("prefix1"))
		sub2 := s.meet(pub, 1, subscriber("p2"))
		pub.send("prefix1")
		pub.send("p2")
		sub1.expect("prefix1")
		sub2.expect("p2")
		for _, e := range []*end{pub, sub1, sub2} {
			e.set(socket.Options{InvertMatching: true})
		}
		pub.send("prefix1")
		pub.send("p2")
		pub.send("neither")
		sub2.expect("prefix1")
		sub1.expect("p2")
		sub1.expect("neither")
		sub2.expect("neither")
	}},
}}

var conflate = chapter{"conflate", []scenario{
	{"only the last", network, func(s *stage) {
		last := socket.Options{Conflate: true}
		pull := s.bind(socket.Config{Type: socket.Pull, Deliver: nobody, Options: last})
		push := s.meet(pull, 0, socket.Config{Type: socket.Push})
		s.until("most of a hundred are left out", func() bool { // not all have arrived when it is read
			for range 99 {
				push.send("old")
			}
			push.send("last")
			pull.read()
			n := 1
			for pull.Message().Text() != "last" {
				n++
			}
			pull.mute()
			return n < 50
		})
		pull.Empty()
	}},
	{"at rest", "inproc", func(s *stage) {
		last := socket.Options{Conflate: true}
		pull := s.bind(socket.Config{Type: socket.Pull, Deliver: nobody, Options: last})
		push := s.meet(pull, 0, socket.Config{Type: socket.Push, Options: last})
		for range 19 {
			push.send("old")
		}
		push.send("last")
		pull.read()
		pull.expect("last")
	}},
}}

var disconnectInproc = chapter{"disconnect_inproc", []scenario{
	{"disconnect", all, func(s *stage) {
		pub := s.bind(socket.Config{Type: socket.XPub})
		at := s.At(pub.pid)[0]
		sub := s.spawn(subscriber("foo"))
		for range 3 {
			pub.send("foo", "for nobody")
			s.Do(sub.pid, &messages.Connect{Endpoint: at})
			pub.expect("\x01foo")
			for range 3 {
				pub.send("foo", "this is foo!")
				sub.expect("foo", "this is foo!")
			}
			s.Do(sub.pid, &messages.Disconnect{Endpoint: at})
			pub.expect("\x00foo")
		}
		pub.send("foo", "for nobody")
		sub.Empty()
	}},
}}

// relay are two bound sockets, each of which sends what the other receives.
func (s *stage) relay(front, back zmq.Type) (a, b *end) {
	s.T.Helper()
	a, b = &end{s: s}, &end{s: s}
	a.pid = s.Spawn(socket.Config{Type: front, Bind: []string{s.Endpoint(s.transport)}})
	b.pid = s.Spawn(socket.Config{Type: back, Bind: []string{s.Endpoint(s.transport)}})
	s.pass(a, b)
	s.pass(b, a)
	return a, b
}

// pass sends on what from receives.
func (s *stage) pass(from, to *end) {
	s.T.Helper()
	s.Do(from.pid, &socket.Attach{PID: s.Actor(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Send(to.pid, &messages.Message{Frames: m.Frames})
		}
	})})
}

// passWaiting sends on what from receives, and receives no more while to has no room.
func (s *stage) passWaiting(from, to *end) {
	s.T.Helper()
	s.Do(from.pid, &socket.Attach{PID: s.Actor(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			messages.Put(s.Ctx, s.Root, to.pid, m)
		}
	})})
}
