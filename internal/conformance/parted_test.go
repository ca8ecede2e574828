package conformance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// libzmq's monitor says nothing of connections that end by zmq_unbind and zmq_disconnect. Whoever asked for it is
// told all the same.
func TestParted(t *testing.T) {
	for _, at := range []string{"tcp", "ipc", "localhost"} {
		for _, command := range []string{"unbind", "disconnect"} {
			t.Run(command+"/"+at, func(t *testing.T) {
				transport := strings.Replace(at, "localhost", "tcp", 1)
				s := &stage{rig.Start(t, threads), transport}
				events := s.Collector()
				cfg := socket.Config{Type: socket.Dealer, Events: events.PID}
				a := s.bind(cfg)
				to := s.At(a.pid)[0]
				if at == "localhost" {
					to = strings.Replace(to, "127.0.0.1", "localhost", 1)
				}
				cfg.Connect, cfg.Options.ReconnectInterval = []string{to, to}, socket.NoReconnect
				b := s.spawn(cfg)
				s.Peers(a.pid, 1)
				s.Peers(b.pid, 1)
				near, far, do := a, b, any(&messages.Unbind{Endpoint: s.At(a.pid)[0]})
				if command == "disconnect" {
					near, far, do = b, a, &messages.Disconnect{Endpoint: to}
				}
				s.Do(near.pid, do)
				s.until("both sides know", func() bool { return s.count(near) == 0 && s.count(far) == 0 })
				rig.Await[*socket.Disconnected](events)
				rig.Await[*socket.Disconnected](events)
				if command == "disconnect" { // from both; a reopen does not bring one of them back
					s.Do(near.pid, &socket.Fail{Err: fmt.Errorf("on purpose")})
					rig.Await[*socket.Opened](events)
					_, err := messages.Call(s.Ctx, s.Root, near.pid, do)
					s.failed(err, messages.ErrRefused)
					s.Do(near.pid, &messages.Connect{Endpoint: to})
					s.Peers(near.pid, 1)
				}
			})
		}
	}
}

func (s *stage) count(e *end) int {
	s.T.Helper()
	n, err := socket.PeerCount(s.Ctx, s.Root, e.pid)
	if err != nil {
		s.T.Fatal(err)
	}
	return n
}

// After it was interrupted, libzmq tells of a connection by the address that a name stood for.
func TestPartedByName(t *testing.T) {
	s := &stage{rig.Start(t, threads), "tcp"}
	events := s.Collector()
	a := s.bind(socket.Config{Type: socket.Dealer})
	to := strings.Replace(s.At(a.pid)[0], "127.0.0.1", "localhost", 1)
	b := s.spawn(socket.Config{Type: socket.Dealer, Events: events.PID})
	s.Do(b.pid, &messages.Connect{Endpoint: to})
	s.Peers(b.pid, 1)
	if e, _ := rig.Await[*socket.Connected](events); e.Endpoint != to {
		t.Errorf("connected to %s", e.Endpoint)
	}
	if _, err := messages.Call(s.Ctx, s.Root, a.pid, &socket.Cut{}); err != nil {
		t.Fatal(err)
	}
	rig.Await[*socket.Disconnected](events)
	if e, _ := rig.Await[*socket.Connected](events); e.Endpoint == to {
		t.Errorf("connected to %s again", e.Endpoint)
	}
	s.Peers(b.pid, 1)
	s.Do(b.pid, &messages.Disconnect{Endpoint: to})
	s.until("both sides know", func() bool { return s.count(a) == 0 && s.count(b) == 0 })
}

// However far a connection has come when it is given up, it is not counted afterwards.
func TestPartedEarly(t *testing.T) {
	s := &stage{rig.Start(t, threads), "tcp"}
	a := s.bind(socket.Config{Type: socket.Dealer})
	at := s.At(a.pid)[0]
	b := s.spawn(socket.Config{Type: socket.Dealer})
	for i := range 200 {
		s.Do(b.pid, &messages.Connect{Endpoint: at})
		if i%2 == 0 {
			for range i % 20 {
				s.count(b) // a moment
			}
		} else {
			s.Peers(b.pid, 1)
		}
		s.Do(b.pid, &messages.Disconnect{Endpoint: at})
	}
	s.Do(b.pid, &messages.Connect{Endpoint: at})
	s.Peers(b.pid, 1)
	if n := s.count(b); n != 1 {
		t.Errorf("%d peers", n)
	}
	s.Do(b.pid, &messages.Disconnect{Endpoint: at})
	s.until("both sides know", func() bool { return s.count(a) == 0 && s.count(b) == 0 })
}
