package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

var specReq = chapter{"spec_req", []scenario{
	{"round robin out", all, func(s *stage) {
		req := s.bind(socket.Config{Type: socket.Req})
		for i := range 5 {
			s.meet(req, i, socket.Config{Type: socket.Rep, Deliver: s.naming(fmt.Sprint(i))})
		}
		var first, again []string
		for range 5 {
			first = append(first, req.ask("ABC")...)
		}
		for range 5 {
			again = append(again, req.ask("ABC")...)
		}
		same(s, "the second round", again, first)
		slices.Sort(first)
		same(s, "the first round", first, []string{"0", "1", "2", "3", "4"})
	}},
	{"message format", all, func(s *stage) {
		req := s.bind(socket.Config{Type: socket.Req, Options: socket.Options{NoCorrelate: true}})
		router := s.meet(req, 0, socket.Config{Type: socket.Router})
		s.Root.Send(req.pid, messages.Text("ABC", "DEF"))
		m := router.Message()
		same(s, "behind the routing id", texts(m.Frames[1:]), []string{"", "ABC", "DEF"})
		s.Put(router.pid, messages.Bytes(m.Frames[0], nil, []byte("GHI")))
		req.expect("GHI")
	}},
	{"message format by default", all, func(s *stage) {
		req := s.bind(socket.Config{Type: socket.Req})
		router := s.meet(req, 0, socket.Config{Type: socket.Router})
		s.Root.Send(req.pid, messages.Text("ABC", "DEF"))
		m := router.Message()
		if len(m.Frames[1]) != 4 {
			s.T.Errorf("a request number of %d bytes", len(m.Frames[1]))
		}
		same(s, "behind the number", texts(m.Frames[2:]), []string{"", "ABC", "DEF"})
		s.Put(router.pid, messages.Bytes(m.Frames[0], m.Frames[1], nil, []byte("GHI")))
		req.expect("GHI")
	}},
	{"send without peers", all, func(s *stage) {
		req := s.bind(socket.Config{Type: socket.Req})
		req.blocked("nobody gets this")
		ctx, cancel := context.WithTimeout(s.Ctx, 20*time.Millisecond)
		defer cancel()
		if _, err := messages.Ask(ctx, s.Root, req.pid, messages.Text("nor this")); !errors.Is(err, context.DeadlineExceeded) {
			s.T.Error(err)
		}
	}},
	// libzmq has this case and does not run it, for it fails there.
	{"only the current peer", all, func(s *stage) {
		req := s.bind(socket.Config{Type: socket.Req, Options: socket.Options{Identity: "A"}})
		routers := make([]*end, 3)
		for i := range routers {
			routers[i] = s.meet(req, i, socket.Config{Type: socket.Router})
		}
		asked := make(map[int]bool)
		for range routers {
			reply := make(chan []string, 1)
			go func() { reply <- req.ask("ABC") }()
			i, mail := s.whose(routers)
			asked[i] = true
			number := string(mail.Message.(*messages.Message).Frames[1])
			for j, router := range routers {
				if j != i {
					router.send("A", "", "WRONG")
					router.send("A", number, "", "WRONG")
				}
			}
			routers[i].send("A", number, "", "GOOD")
			same(s, "reply", <-reply, []string{"GOOD"})
		}
		if len(asked) != 3 {
			s.T.Errorf("asked %v", asked)
		}
	}},
}}
