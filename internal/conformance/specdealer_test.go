package conformance

import (
	"slices"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

var specDealer = chapter{"spec_dealer", []scenario{
	{"round robin out", all, func(s *stage) {
		dealer := s.bind(socket.Config{Type: socket.Dealer})
		reps := s.several(dealer, 5, socket.Config{Type: socket.Rep})
		for range reps {
			dealer.send("", "ABC")
		}
		for _, rep := range reps {
			rep.expect("ABC")
		}
	}},
	{"fair queue in", all, func(s *stage) {
		receiver := s.bind(socket.Config{Type: socket.Dealer})
		senders := s.several(receiver, 5, socket.Config{Type: socket.Dealer})
		for range 2 {
			senders[0].send("A")
			receiver.expect("A")
		}
		for _, sender := range senders {
			sender.send("B")
		}
		for range senders {
			receiver.expect("B")
		}
	}},
	{"send without peers", all, func(s *stage) {
		dealer := s.bind(socket.Config{Type: socket.Dealer})
		dealer.blocked("waits")
		late := s.meet(dealer, 0, socket.Config{Type: socket.Dealer})
		late.expect("waits")
	}},
}}

var specRouter = chapter{"spec_router", []scenario{
	{"fair queue in", all, func(s *stage) {
		router := s.bind(socket.Config{Type: socket.Router})
		var got, want []string
		var senders []*end
		for i := range 5 {
			id := string(rune('A' + i))
			senders = append(senders, s.meet(router, i, socket.Config{Type: socket.Dealer, Options: socket.Options{Identity: id}}))
			want = append(want, id)
		}
		for range 2 {
			senders[0].send("M")
			router.expect("A", "M")
		}
		for _, sender := range senders {
			sender.send("M")
		}
		for range senders {
			m := router.Message()
			got = append(got, string(m.Frames[0]))
			same(s, "body", texts(m.Body()), []string{"M"})
		}
		slices.Sort(got)
		same(s, "senders", got, want)
	}},
	// libzmq has this case and does not run it.
	{"queue of a peer that has gone", all, func(s *stage) {
		router := s.bind(socket.Config{Type: socket.Router})
		named := socket.Config{Type: socket.Dealer, Options: socket.Options{Identity: "B", Linger: socket.NoLinger}}
		first := s.meet(router, 0, named)
		first.send("DEF")
		router.expect("B", "DEF")
		s.Stop(first.pid)
		s.until("B has gone", func() bool {
			return messages.Put(s.Ctx, s.Root, router.pid, messages.Text("B", "for the one who has gone")) != nil
		})
		s.failed(router.refused("B", "ABC"), messages.ErrUnreachable)
		again := s.meet(router, 0, named)
		router.send("B", "new")
		again.expect("new")
	}},
}}
