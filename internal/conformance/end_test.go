package conformance

import (
	"syscall"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

var ctxDestroy = chapter{"ctx_destroy", []scenario{
	{"destroy", all, func(s *stage) {
		a := s.bind(pair())
		b := s.meet(a, 0, pair())
		s.bounce(a, b)
		s.Shutdown()
		s.failed(a.refused("too late"), messages.ErrStopped)
	}},
	{"a socket after the shutdown", all, func(s *stage) {
		s.Shutdown()
		pid := s.Root.Spawn(socket.Props(s.Thread, socket.Config{Type: socket.Rep, Bind: []string{s.Endpoint(s.transport)}}))
		if at, err := socket.Endpoints(s.Ctx, s.Root, pid); err == nil {
			s.T.Errorf("bound to %v", at)
		}
	}},
	{"a receiver that waits", all, func(s *stage) {
		events := s.Collector()
		s.bind(socket.Config{Type: socket.Pull, Events: events.PID})
		if err := s.Thread.Shutdown(s.Ctx); err != nil { // not the scene's, which ends those too who listen
			s.T.Error(err)
		}
		rig.Await[*socket.Stopped](events)
	}},
}}

var shutdownStress = chapter{"shutdown_stress", []scenario{
	{"sockets that have just connected", network, func(s *stage) {
		pub := s.bind(socket.Config{Type: socket.Pub})
		at := s.At(pub.pid)
		for range 10 {
			r := rig.Start(s.T, threads)
			for range 50 {
				r.Spawn(socket.Config{Type: socket.Sub, Connect: at, Subscribe: []string{""}})
			}
			r.Shutdown()
		}
	}},
}}

var manySockets = chapter{"many_sockets", []scenario{
	{"more than there may be", "any", func(s *stage) {
		t := s.Beside(zmqthread.Config{MaxSockets: 10})
		for i := range 20 {
			pid := s.SpawnOn(t, socket.Config{Type: socket.Pair, NoMonitor: true})
			if _, err := socket.Endpoints(s.Ctx, s.Root, pid); err != nil {
				s.failed(err, syscall.EMFILE)
				if i < 5 {
					s.T.Errorf("only %d sockets", i)
				}
				return
			}
		}
		s.T.Error("20 sockets where 10 may be")
	}},
	{"very many", "any", func(s *stage) {
		for range 1000 {
			s.Spawn(socket.Config{Type: socket.Pair, NoMonitor: true})
		}
	}},
}}

var timeo = chapter{"timeo", []scenario{
	{"a send that waits", all, func(s *stage) {
		frontend := s.bind(socket.Config{Type: socket.Dealer})
		began := time.Now()
		frontend.blocked("Hello")
		if took := time.Since(began); took < 50*time.Millisecond {
			s.T.Error(took)
		}
		s.meet(frontend, 0, socket.Config{Type: socket.Dealer}).expect("Hello")
	}},
}}
