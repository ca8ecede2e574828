package conformance

import (
	"fmt"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// marks is a PUSH and a PULL over inproc whose queues are filled, and then emptied.
type marks struct {
	send, recv int  // high-water marks
	late       bool // the connect comes before the bind
	want       int  // what libzmq takes of most
}

const most = 3000

var hwm = chapter{"hwm", []scenario{
	{"defaults", "inproc", marks{want: 2000}.play},
	{"infinite both", "inproc", both(marks{send: socket.Unlimited, recv: socket.Unlimited, want: most})},
	{"infinite receive", "inproc", both(marks{send: 1, recv: socket.Unlimited, want: most})},
	{"infinite send", "inproc", both(marks{send: socket.Unlimited, recv: 1, want: most})},
	{"finite both", "inproc", both(marks{send: 1, recv: 1, want: 2})},
	{"close before the bind", "inproc", func(s *stage) {
		at := s.Endpoint("inproc")
		push := s.spawn(socket.Config{Type: socket.Push, Connect: []string{at}, Options: socket.Options{SendHWM: 1}})
		push.fill(1, 1)
		s.Stop(push.pid)
		pull := s.spawn(socket.Config{Type: socket.Pull, Bind: []string{at}, Options: socket.Options{RecvHWM: socket.Unlimited}})
		pull.expect("")
	}},
	{"close of the side that binds", "inproc", func(s *stage) {
		push := s.bind(socket.Config{Type: socket.Push, Options: socket.Options{SendHWM: 1}})
		s.Root.Send(push.pid, messages.Text("for nobody"))
		push.blocked("nor this")
		if c := s.Counts(push.pid); c.Taken != 0 || c.Queued != 2 {
			s.T.Errorf("%+v", c)
		}
		s.Stop(push.pid)
		s.until("what nobody took is a dead letter", func() bool { return len(s.Dead.To(push.pid)) == 2 })
	}},
}}

func both(m marks) func(*stage) {
	return func(s *stage) {
		for _, m.late = range []bool{false, true} {
			m.play(s)
		}
	}
}

func (m marks) play(s *stage) {
	at := s.Endpoint("inproc")
	pull := socket.Config{Type: socket.Pull, Deliver: nobody, Bind: []string{at}, Options: socket.Options{RecvHWM: m.recv}}
	push := socket.Config{Type: socket.Push, Connect: []string{at}, Options: socket.Options{SendHWM: m.send}}
	var to, from *end
	if m.late {
		from, to = s.spawn(push), s.spawn(pull)
	} else {
		to, from = s.spawn(pull), s.spawn(push)
	}
	s.Peers(from.pid, 1)
	s.Peers(to.pid, 1)
	from.fill(most, m.want)
	to.read()
	n := most
	if m.want < most {
		n++ // the one that was blocked
	}
	to.Messages(n)
	from.send("one more")
	to.expect("one more")
}

var hwmPubSub = chapter{"hwm_pubsub", []scenario{
	{"defaults", all, func(s *stage) {
		for _, hwm := range []int{1000, 100} {
			xpub := s.bind(socket.Config{Type: socket.XPub})
			s.Do(xpub.pid, &socket.SetOptions{Options: socket.Options{SendHWM: hwm}})
			sub := s.meet(xpub, 0, socket.Config{Type: socket.Sub, Subscribe: []string{""}, Deliver: nobody})
			xpub.expect("\x01")
			xpub.fill(hwm, hwm)
			sub.read()
			sub.Messages(hwm)
		}
	}},
	{"a full subscriber blocks", all, func(s *stage) {
		const n = 6000
		pub := s.bind(socket.Config{Type: socket.Pub, Outbox: socket.Limit{Messages: 2 * n}, Options: socket.Options{SendHWM: 200}})
		sub := s.meet(pub, 0, socket.Config{Type: socket.Sub, Subscribe: []string{""}, Deliver: nobody, Options: socket.Options{RecvHWM: 200}})
		all := messages.NewBatch()
		for i := range n {
			all.Append(fmt.Append(nil, i), make([]byte, 1<<10))
		}
		s.Root.Send(pub.pid, all)
		pub.blocked("end", "")
		if c := s.Counts(pub.pid); c.Taken == n || c.Queued == 0 {
			s.T.Errorf("nothing was held back: %+v", c)
		}
		sub.read()
		for i := range n {
			if m := sub.Message(); string(m.Frames[0]) != fmt.Sprint(i) {
				s.T.Fatalf("%s in place of %d", m.Frames[0], i)
			}
		}
		sub.expect("end", "")
	}},
	{"dropped when it is full", "inproc", func(s *stage) {
		pub := s.bind(socket.Config{Type: socket.Pub, Options: socket.Options{SendHWM: 10, DropSlow: true}})
		sub := s.meet(pub, 0, socket.Config{Type: socket.Sub, Subscribe: []string{""}, Deliver: nobody, Options: socket.Options{RecvHWM: 10}})
		for i := range 100 {
			pub.send(fmt.Sprint(i))
		}
		sub.read()
		for i := range 20 {
			sub.expect(fmt.Sprint(i))
		}
		s.until("there is room again", func() bool { // which libzmq looks for once in a millisecond
			pub.send("room")
			select {
			case <-sub.Mail():
				return true
			default:
				return false
			}
		})
	}},
	// The mark counts what is in the queues, not what has passed through them.
	{"the mark counts what waits", "tcp", func(s *stage) {
		mark := socket.Options{SendHWM: 11024, RecvHWM: 11024, DropSlow: true}
		pub := s.bind(socket.Config{Type: socket.Pub, Options: mark, Outbox: socket.Limit{Messages: mark.SendHWM}})
		mark.DropSlow = false
		sub := s.meet(pub, 0, socket.Config{Type: socket.Sub, Subscribe: []string{""}, Options: mark})
		for _, n := range []int{9999, 1100} {
			pub.fill(n, n)
			sub.Messages(n)
		}
	}},
}}

var sockoptHWM = chapter{"sockopt_hwm", []scenario{
	{"before the connection", "inproc", func(s *stage) {
		push := s.pushLate(2)
		push.fill(10, 4)
	}},
	{"after the connection", "inproc", func(s *stage) {
		push := s.pushLate(1)
		s.Do(push.pid, &socket.SetOptions{Options: socket.Options{SendHWM: 5}})
		push.fill(10, 6)
	}},
	{"less while it is full", "inproc", func(s *stage) {
		push := s.bind(socket.Config{Type: socket.Push, Options: socket.Options{SendHWM: 100}})
		pull := s.meet(push, 0, socket.Config{Type: socket.Pull, Deliver: nobody, Options: socket.Options{RecvHWM: 1}})
		push.fill(101, 101)
		s.Do(push.pid, &socket.SetOptions{Options: socket.Options{SendHWM: 70}})
		pull.read()
		pull.Messages(101)
		pull.mute()
		for range 101 {
			s.Root.Send(push.pid, messages.Text(""))
		}
		push.blocked("")
		if n := s.Counts(push.pid).Taken - 101; n > 71 || n < 7 {
			s.T.Errorf("%d taken with a mark of 70", n)
		}
	}},
}}

// pushLate is a PUSH that binds after a PULL has connected to it. Both have this high-water mark.
func (s *stage) pushLate(hwm int) *end {
	s.T.Helper()
	at := s.Endpoint("inproc")
	mark := socket.Options{SendHWM: hwm, RecvHWM: hwm}
	pull := s.spawn(socket.Config{Type: socket.Pull, Deliver: nobody, Connect: []string{at}, Options: mark})
	s.At(pull.pid)
	push := s.spawn(socket.Config{Type: socket.Push, Bind: []string{at}, Options: mark})
	s.Peers(push.pid, 1)
	return push
}
