package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// An agent of servers a and b, step by step: what happens, and what it then sends. Times are milliseconds.
func TestAgent(t *testing.T) {
	at := func(n int) time.Time { return time.Unix(1000, 0).Add(time.Duration(n) * time.Millisecond) }
	body := func(s string) [][]byte { return [][]byte{[]byte(s)} }
	type step struct {
		now  int
		does string // ask X, pong FROM, reply FROM NUMBER, lost WHO, tick
		want string // what is sent, and what came of it
	}
	for name, steps := range map[string][]step{
		"nobody is there": {
			{0, "tick", "PING>a PING>b"},
			{1, "ask x", "1"},
			{99, "tick", ""},
			{100, "tick", "PING>a PING>b"},
			{1000, "tick", "PING>a PING>b"},
			{1001, "tick", "failed 1"},
		},
		"one comes late": {
			{0, "ask x", "1"}, {1, "ask y", "2"},
			{5, "pong b", "1x>b 2y>b"},
			{6, "reply b 2", "answered"},
			{7, "reply b 2", ""}, // the second reply is none
			{8, "reply b 1", "answered"},
			{9, "reply b 3", ""},
		},
		"the first is taken while it lives": {
			{0, "pong a", ""}, {0, "pong b", ""},
			{1, "ask x", "1 1x>a"},
			{2, "ask y", "2 2y>a"},
		},
		"no reply within the try": {
			{0, "pong a", ""}, {0, "pong b", ""},
			{10, "ask x", "1 1x>a"},
			{209, "tick", "PING>a PING>b"},
			{210, "tick", "1x>b"},
			{211, "reply a 1", "answered"}, // late, but the first
			{212, "reply b 1", ""},
		},
		"one hangs": { // it is alive for 300 ms after its last word
			{0, "pong a", ""}, {250, "pong b", ""},
			{299, "ask x", "1 1x>a"},
			{300, "ask y", "2 2y>b"},
			{499, "tick", "PING>a PING>b 1x>b"},
			{500, "tick", "2y>b"}, // there is no other
		},
		"one is lost": {
			{0, "pong a", ""}, {0, "pong b", ""},
			{1, "ask x", "1 1x>a"}, {1, "ask y", "2 2y>a"},
			{2, "lost a", "1x>b 2y>b"},
			{3, "lost b", ""},
			{4, "lost b", ""},
			{5, "pong a", "1x>a 2y>a"},
		},
		"strangers": {
			{0, "pong z", ""}, {0, "lost z", ""}, {1, "ask x", "1"}, {2, "reply z 1", ""},
		},
		"too many": {
			{0, "ask x", "1"}, {0, "ask x", "2"}, {0, "ask x", "refused"}, {1000, "tick", "PING>a PING>b failed 1 failed 2"}, {1001, "ask x", "3"},
		},
		"talk instead of pings": {
			{0, "tick", "PING>a PING>b"}, {50, "pong a", ""}, {100, "tick", "PING>b"}, {150, "tick", "PING>a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAgent(patience{ping: 100 * time.Millisecond, silent: 300 * time.Millisecond,
				try: 200 * time.Millisecond, expire: time.Second}, 2, "a", "b")
			for i, s := range steps {
				var out []send
				var got []string
				word := strings.Fields(s.does)
				switch word[0] {
				case "ask":
					n, sends, ok := a.ask(at(s.now), body(word[1]))
					out = sends
					if got = []string{fmt.Sprint(n)}; !ok {
						got = []string{"refused"}
					}
				case "pong":
					_, out = a.heard(at(s.now), word[1], reply{})
				case "reply":
					var answered bool
					r, err := decodeReply([][]byte{[]byte(word[2]), nil})
					if err != nil {
						t.Fatal(err)
					}
					if answered, out = a.heard(at(s.now), word[1], r); answered {
						got = []string{"answered"}
					}
				case "lost":
					out = a.lost(at(s.now), word[1])
				case "tick":
					var failed []uint64
					failed, out = a.tick(at(s.now))
					for _, n := range failed {
						got = append(got, fmt.Sprint("failed ", n))
					}
				}
				var sent []string
				for _, x := range out {
					text := "PING"
					if x.what.body != nil {
						text = string(x.what.control) + string(x.what.body[0])
					}
					sent = append(sent, text+">"+x.to)
				}
				all := append(got, sent...)
				if word[0] == "tick" {
					all = append(sent, got...)
				}
				if text := strings.Join(all, " "); text != s.want {
					t.Errorf("step %d, %s at %d: %q, want %q", i, s.does, s.now, text, s.want)
				}
			}
		})
	}
}
