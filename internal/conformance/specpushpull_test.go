package conformance

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

var specPushPull = chapter{"spec_pushpull", []scenario{
	{"round robin out", all, func(s *stage) {
		push := s.bind(socket.Config{Type: socket.Push})
		pulls := s.several(push, 5, socket.Config{Type: socket.Pull})
		for _, text := range []string{"ABC", "DEF"} {
			for range pulls {
				push.send(text)
			}
		}
		for _, pull := range pulls {
			pull.expect("ABC")
			pull.expect("DEF")
		}
	}},
	{"fair queue in", all, func(s *stage) {
		const most = 100 // of each: what its queues may hold
		pull := s.bind(socket.Config{Type: socket.Pull, Deliver: nobody, Options: socket.Options{RecvHWM: 1}})
		pushes := s.several(pull, 5, socket.Config{Type: socket.Push, Options: socket.Options{SendHWM: most}})
		for i, push := range pushes {
			for range most {
				push.send(fmt.Sprint(i))
			}
		}
		pull.read()
		seen := map[string]int{}
		for len(seen) < len(pushes) {
			seen[pull.Message().Text()]++
		}
		for i, n := range seen {
			if n > most/2 {
				s.T.Errorf("%d of %s before the first of another: %v", n, i, seen)
			}
		}
	}},
	{"send without peers", all, func(s *stage) {
		push := s.bind(socket.Config{Type: socket.Push})
		push.blocked("waits")
		late := s.meet(push, 0, socket.Config{Type: socket.Pull})
		late.expect("waits")
	}},
	{"all of a multipart or nothing", all, func(s *stage) {
		buffers := socket.Options{SendHWM: 1, RecvHWM: 1, SendBuffer: 32 << 10, RecvBuffer: 32 << 10, Linger: socket.NoLinger}
		push := s.bind(socket.Config{Type: socket.Push, Options: buffers})
		pull := s.meet(push, 0, socket.Config{Type: socket.Pull, Options: buffers})
		at := s.At(push.pid)[0]
		large := func(name string, more ...string) *messages.Message {
			m := messages.Text(append([]string{name, name, name}, more...)...)
			m.Frames[2] = bytes.Repeat([]byte(name), 2<<20)
			return m
		}
		s.Put(push.pid, large("0"))
		same(s, "the first", brief(pull.Message()), brief(large("0")))
		pull.mute()
		push.send("1")
		s.Root.Send(push.pid, large("2"))
		s.Do(pull.pid, &messages.Disconnect{Endpoint: at})
		s.Do(pull.pid, &messages.Connect{Endpoint: at})
		s.Root.Send(push.pid, large("3", "3b"))
		s.Root.Send(push.pid, large("5"))
		pull.read()
		for last := "0"; last != "5"; {
			m := pull.Message()
			name := string(m.Frames[0])
			whole := map[string]*messages.Message{"1": messages.Text("1"), "2": large("2"), "3": large("3", "3b"), "5": large("5")}[name]
			if whole == nil || name <= last || !slices.EqualFunc(m.Frames, whole.Frames, bytes.Equal) {
				s.T.Fatalf("%v after %s", brief(m), last)
			}
			last = name
		}
	}},
}}

// brief shows a message's frames by their beginnings and lengths.
func brief(m *messages.Message) []string {
	short := make([]string, len(m.Frames))
	for i, f := range m.Frames {
		short[i] = fmt.Sprintf("%.8q(%d)", f, len(f))
	}
	return short
}
