package conformance

import (
	"context"
	"fmt"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

var reqCorrelate = chapter{"req_correlate", []scenario{
	{"a wrong number", all, func(s *stage) {
		router := s.bind(socket.Config{Type: socket.Router})
		req := s.meet(router, 0, socket.Config{Type: socket.Req})
		s.Root.Send(req.pid, messages.Text("ABC", "DEF"))
		m := router.Message()
		same(s, "body", texts(m.Body()), []string{"ABC", "DEF"})
		id, number := string(m.Frames[0]), string(m.Frames[1])
		wrong := string([]byte{number[0] + 1}) + number[1:]
		router.send(id, wrong, "", "DATA")
		router.send(id, number, "", "GHI")
		req.expect("GHI")
	}},
}}

// giveUp asks, and gives up as soon as a rep has the request, which it returns unanswered.
func (s *stage) giveUp(req *end, reps []*end, text string) (int, rig.Mail) {
	s.T.Helper()
	ctx, cancel := context.WithCancel(s.Ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := messages.Ask(ctx, s.Root, req.pid, messages.Text(text))
		done <- err
	}()
	i, mail := s.whose(reps)
	same(s, "request", texts(mail.Message.(*messages.Message).Frames), []string{text})
	cancel()
	s.failed(<-done, context.Canceled)
	return i, mail
}

// whose of ends gets the next mail.
func (s *stage) whose(ends []*end) (int, rig.Mail) {
	s.T.Helper()
	for deadline := time.Now().Add(rig.Patience); time.Now().Before(deadline); {
		for i, e := range ends {
			select {
			case mail := <-e.Mail():
				return i, mail
			case <-time.After(time.Millisecond):
			}
		}
	}
	s.T.Fatal("nobody has got anything")
	return 0, rig.Mail{}
}

var reqRelaxed = chapter{"req_relaxed", []scenario{
	// One who gives up is what a second send is in libzmq. A reply to the first is not taken for one to the second.
	{"a second request before the reply", all, func(s *stage) {
		req := s.bind(socket.Config{Type: socket.Req})
		reps := s.several(req, 5, socket.Config{Type: socket.Rep})
		turn := []int{}
		for n := range 3 {
			first, late := s.giveUp(req, reps, fmt.Sprint("A", n))
			reply := make(chan []string, 1)
			go func() { reply <- req.ask(fmt.Sprint("C", n)) }()
			second, mail := s.whose(reps)
			late.Respond(messages.Text("WRONG"))
			mail.Respond(messages.Text("OK"))
			same(s, "reply", <-reply, []string{"OK"})
			turn = append(turn, first, second)
		}
		// Whoever was not answered in time is asked again when it is its turn.
		for i, who := range turn {
			if i >= len(reps) && who != turn[i-len(reps)] {
				s.T.Errorf("asked in the order %v", turn)
			}
		}
	}},
	{"a second request after the reply came", all, func(s *stage) {
		req := s.bind(socket.Config{Type: socket.Req})
		reps := s.several(req, 2, socket.Config{Type: socket.Rep})
		_, late := s.giveUp(req, reps, "H")
		late.Respond(messages.Text("BAD"))
		reply := make(chan []string, 1)
		go func() { reply <- req.ask("I") }()
		_, mail := s.whose(reps)
		mail.Respond(messages.Text("GOOD"))
		same(s, "reply", <-reply, []string{"GOOD"})
	}},
	{"requests before a server is there", network, func(s *stage) {
		at := s.reserve()
		req := s.spawn(socket.Config{Type: socket.Req, Connect: []string{at}})
		ctx, cancel := context.WithCancel(s.Ctx)
		defer cancel()
		given := make(chan error, 1)
		go func() {
			_, err := messages.Ask(ctx, s.Root, req.pid, messages.Text("TO_BE_DISCARDED"))
			given <- err
		}()
		s.until("libzmq has the first", func() bool { return s.Counts(req.pid).Taken == 1 })
		cancel()
		s.failed(<-given, context.Canceled)
		reply := make(chan []string, 1)
		go func() { reply <- req.ask("TO_BE_ANSWERED") }()
		s.until("libzmq has the second", func() bool { return s.Counts(req.pid).Taken == 2 })
		router := s.spawn(socket.Config{Type: socket.Router, Bind: []string{at}})
		first, second := router.Message(), router.Message()
		s.Put(router.pid, first)
		s.Put(router.pid, second)
		same(s, "reply", <-reply, []string{"TO_BE_ANSWERED"})
	}},
	// Those who wait for a reply wait for their turn instead of taking it from the one before.
	{"two who wait", all, func(s *stage) {
		req := s.bind(socket.Config{Type: socket.Req})
		rep := s.meet(req, 0, socket.Config{Type: socket.Rep})
		replies := make(chan []string, 2)
		for range 2 {
			go func() { replies <- req.ask("A") }()
		}
		_, mail := rig.Take[*messages.Message](rep.Collector)
		rep.Empty()
		mail.Respond(messages.Text("1"))
		same(s, "first", <-replies, []string{"1"})
		rep.serve("A", "2")
		same(s, "second", <-replies, []string{"2"})
	}},
}}
