package interop

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

// topics begin the messages of a stream, in turn.
var topics = []string{"news.city", "weather", "news.", "\x00\x01", ""}

// starts is for those that begin with one of prefixes.
func starts(prefixes ...string) func(string) bool {
	return func(topic string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(topic, p) })
	}
}

// heard checks what each of some subscribers has got.
func (l *lab) heard(s stream, wanted []string, shares []total) {
	l.T.Helper()
	if len(shares) != len(wanted) {
		l.T.Fatalf("%d subscribers, want %d", len(shares), len(wanted))
	}
	for i, share := range shares {
		sent, _ := s.part(starts(wanted[i]))
		l.same("to "+wanted[i], sent.total(), share)
	}
}

// With WaitPeers none of four SUBs, two of them with the same topic, misses the first message.
func TestPubToSub(t *testing.T) {
	everywhere(t, "Pub → SUB", everyMechanism, func(t *testing.T, l *lab) {
		s := streamOf("report", 600, topics...)
		wanted := []string{"", "news.", "weather", "news."}
		p, pub := l.meet(job{Role: "subscriber", Types: []string{"SUB"}, Topics: wanted, Stream: s}, len(wanted),
			socket.Config{Type: socket.Pub})
		l.Peers(pub, len(wanted))
		l.put(pub, s)
		l.heard(s, wanted, p.next().Shares)
		l.clean(pub, s.N, 0)
	})
}

// A Sub has two topics, one inside of the other, and a receiver for each; a third it gives up. "~sync" says
// when the PUB has heard of the three, and "~more", for which it subscribes last, that it has heard of
// that.
func TestSubToPub(t *testing.T) {
	everywhere(t, "Sub ← PUB", everyMechanism, func(t *testing.T, l *lab) {
		s := streamOf("report", 600, topics...)
		citySent, city := s.part(starts("news.city"))
		otherSent, other := s.part(func(topic string) bool { return topic == "news." })
		weather := l.Collector()
		sync, joined := l.once()
		more, gone := l.once()
		p, sub := l.meet(job{Role: "publisher", Types: []string{"PUB"}, Options: map[string]int{"SNDHWM": 0}, Stream: s}, 1,
			socket.Config{Type: socket.Sub, Subscribe: []string{"weather", "news.", "news.city", "~sync"}, Deliver: socket.ByTopic(
				map[string]*actor.PID{"news.city": l.into(city), "news.": l.into(other), "weather": weather.PID,
					"~sync": sync, "~more": more})})
		await(l, joined)
		l.Do(sub, &messages.Unsubscribe{Topic: []byte("weather")})
		l.Do(sub, &messages.Subscribe{Topic: []byte("~more")})
		await(l, gone)
		p.Tell("go on")
		l.complete("city", city)
		l.complete("other", other)
		l.same("city", citySent.total(), city.total())
		l.same("other", otherSent.total(), other.total())
		weather.Empty()
	})
}

// A SUB gives up one of its two topics, which an XPub sees, and gets nothing more of it.
func TestSubCancels(t *testing.T) {
	everywhere(t, "XPub → SUB", everyTransport, func(t *testing.T, l *lab) {
		s := streamOf("report", 300, topics...)
		ups := l.Collector()
		p, xpub := l.meet(job{Role: "canceller", Types: []string{"SUB"}, Topics: []string{"weather", "news."}, Stream: s}, 1,
			socket.Config{Type: socket.XPub, Deliver: socket.To(ups.PID)})
		first := []string{ups.Message().Text(), ups.Message().Text()}
		slices.Sort(first) // what it has at a handshake comes in an order of its own
		p.Tell("give it up")
		if got := append(first, ups.Message().Text()); !slices.Equal(got, []string{"\x01news.", "\x01weather", "\x00weather"}) {
			t.Errorf("from the SUB: %q", got)
		}
		sent, _ := s.part(starts("news."))
		l.put(xpub, s)
		l.same("news", sent.total(), p.next().Received)
		ups.Empty()
		l.clean(xpub, s.N, 3)
	})
}

// once spawns an actor; the channel is closed when it gets a message.
func (l *lab) once() (*actor.PID, <-chan struct{}) {
	came := make(chan struct{})
	closing := sync.OnceFunc(func() { close(came) })
	return l.actor(func(actor.Context, *messages.Message) { closing() }), came
}

// An XPub delivers what its XSUBs say: that they subscribe, anything else, that they unsubscribe.
func TestXPubToXSub(t *testing.T) {
	everywhere(t, "XPub ↔ XSUB", everyTransport, func(t *testing.T, l *lab) {
		s := streamOf("report", 500, topics...)
		wanted := []string{"news.", "weather"}
		ups := l.Collector()
		p, xpub := l.meet(job{Role: "subscriber", Types: []string{"XSUB"}, Topics: wanted, Stream: s}, len(wanted),
			socket.Config{Type: socket.XPub, Deliver: socket.To(ups.PID)})
		expect := func(n int, want ...string) {
			var got []string
			for _, m := range ups.Messages(n) {
				got = append(got, m.Text())
			}
			slices.Sort(got) // the two take turns as they like
			if !slices.Equal(got, want) {
				t.Errorf("from the XSUBs: %q, want %q", got, want)
			}
		}
		expect(2, "\x01news.", "\x01weather")
		l.put(xpub, s)
		l.heard(s, wanted, p.next().Shares)
		expect(4, "\x00news.", "\x00weather", "thanks for news.", "thanks for weather")
		l.clean(xpub, s.N, 6)
	})
}

// An XPUB sees every topic that a Sub or an XSub has, takes up and gives up.
func TestSubToXPub(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config socket.Config
		says   []string // to the publisher
	}{
		"Sub":  {socket.Config{Type: socket.Sub}, nil},
		"XSub": {socket.Config{Type: socket.XSub}, []string{"up there"}},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, name+" ↔ XPUB", everyTransport, func(t *testing.T, l *lab) {
				s := streamOf("report", 500, topics...)
				sent, received := s.part(starts("news.", "\x00"))
				cfg := c.config
				cfg.Subscribe, cfg.Deliver = []string{"weather", "news."}, socket.To(l.into(received))
				p, sub := l.meet(job{Role: "xpublisher", Types: []string{"XPUB"}, Ups: 4 + len(c.says),
					Options: map[string]int{"SNDHWM": 0}, Stream: s}, 1, cfg)
				ups := []string{p.next().Up, p.next().Up}
				slices.Sort(ups) // libzmq sends what it has at a handshake in an order of its own
				l.Do(sub, &messages.Subscribe{Topic: []byte("\x00")})
				l.Do(sub, &messages.Unsubscribe{Topic: []byte("weather")})
				for _, m := range c.says {
					l.Put(sub, messages.Text(m))
				}
				for range 2 + len(c.says) {
					ups = append(ups, p.next().Up)
				}
				want := append([]string{"\x01news.", "\x01weather", "\x01\x00", "\x00weather"}, c.says...)
				if !slices.Equal(ups, want) {
					t.Errorf("the XPUB saw %q, want %q", ups, want)
				}
				p.Tell("go on")
				l.complete("report", received)
				l.same("report", sent.total(), received.total())
			})
		})
	}
}
