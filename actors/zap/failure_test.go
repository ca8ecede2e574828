package zap_test

import (
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zap"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// part is one of the handler's children.
func (s *scene) part(name string) *actor.PID {
	return actor.NewPID(s.handler.Address, s.handler.Id+"/"+name)
}

var inShop = socket.Options{ZAPDomain: "shop"}

// A callback that panics, ends its goroutine or answers nonsense refuses that one peer.
func TestDecideFails(t *testing.T) {
	var none []zap.Decision
	for name, c := range map[string]struct {
		decide func(zap.Request) zap.Decision
		status int
		reason string
	}{
		"panics":             {func(q zap.Request) zap.Decision { panic("with the password " + string(q.Password)) }, 500, "Decide panicked: with a string"},
		"panics in Go":       {func(zap.Request) zap.Decision { return none[0] }, 500, "Decide panicked: runtime error: index out of range [0] with length 0"},
		"ends its goroutine": {func(zap.Request) zap.Decision { runtime.Goexit(); panic("") }, 500, "Decide called runtime.Goexit"},
		"nonsense":           {func(zap.Request) zap.Decision { return zap.Decision{Status: 201} }, 500, "Decide answered with status 201"},
		"a long user id":     {func(zap.Request) zap.Decision { return zap.Accept(strings.Repeat("x", 256)) }, 500, "Decide answered with a user id of 256 bytes"},
		"nothing":            {func(zap.Request) zap.Decision { return zap.Decision{} }, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := zap.Policy{"shop": {Plain: map[string]socket.Secret{"alice": "open"}, Decide: c.decide}}
			s := stage(t, zap.Config{Policy: p, Deciders: 1}, socket.Options{ZAPDomain: "shop", PlainServer: true})
			for range 3 { // one Decider after the other
				bad, events := s.client(socket.Options{PlainUsername: "bob", PlainPassword: "verysecret"})
				s.refused(c.status, c.reason, events, s.events)
				s.outside(bad)
			}
			good, _ := s.client(socket.Options{PlainUsername: "alice", PlainPassword: "open"})
			s.works(good)
		})
	}
}

// A callback that hangs keeps nobody waiting of whom it is not asked; who waits for it is told to come
// again, and so is who finds the queue full.
func TestDecideHangs(t *testing.T) {
	free := make(chan bool)
	p := zap.Policy{"shop": {Plain: map[string]socket.Secret{"alice": "open"}, Decide: func(zap.Request) zap.Decision {
		<-free
		return zap.Accept("bob")
	}}}
	s := stage(t, zap.Config{Policy: p, Deciders: 1, Queue: 1, Deadline: 300 * time.Millisecond}, socket.Options{ZAPDomain: "shop", PlainServer: true})
	bob := socket.Options{PlainUsername: "bob", PlainPassword: "x"}
	one, _ := s.client(bob)
	s.client(bob)
	s.client(bob)
	good, _ := s.client(socket.Options{PlainUsername: "alice", PlainPassword: "open"})
	s.works(good)
	seen := map[string]bool{}
	for !seen["Decide takes too long"] || !seen["too many requests wait for Decide"] {
		if d := s.decided(); d.Request.Username == "bob" {
			if d.Decision.Status != zap.StatusLater {
				t.Fatal(d)
			}
			seen[d.Decision.Reason] = true
		}
	}
	s.status(s.events, 300)
	s.outside(one)
	close(free)
	s.works(one) // it has gone on trying
}

// The decider fails over a request: the peer is told to come again, and the next incarnation lets it in
// through the same native socket.
func TestDeciderCrashes(t *testing.T) {
	var calls atomic.Int32
	cfg := zap.Config{Policy: zap.Policy{"shop": {Any: true}}}.Before(func(*zap.Request) {
		if calls.Add(1) <= 3 {
			panic("on purpose")
		}
	})
	s := stage(t, cfg, inShop)
	pid, _ := s.client(socket.Options{})
	s.refused(300, "the handler failed", s.events)
	s.works(pid)
	if calls.Load() != 4 {
		t.Error(calls.Load())
	}
}

// Whatever fails below it, the handler is back, with the policy that it was given last.
func TestHandlerComesBack(t *testing.T) {
	for name, fail := range map[string]func(*scene){
		"the poll actor": func(s *scene) { s.Root.Send(s.Thread.PID(), &zmqthread.Crash{Reason: "on purpose"}) },
		"its OS thread":  func(s *scene) { s.Root.Send(s.Thread.PID(), &zmqthread.Crash{Goexit: true}) },
		"the socket":     func(s *scene) { s.Do(s.part("socket"), &socket.Fail{Err: errors.New("on purpose")}) },
		"the decider":    func(s *scene) { s.Stop(s.part("decider")) },
		"both":           func(s *scene) { s.Stop(s.part("socket")); s.Root.Stop(s.part("decider")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := stage(t, zap.Config{Policy: zap.Policy{}}, inShop)
			s.apply(zap.Policy{"shop": {Any: true}})
			before, _ := s.client(socket.Options{})
			s.works(before)
			fail(s)
			s.works(before)
			after, _ := s.client(socket.Options{})
			s.works(after)
			s.apply(zap.Policy{})
			late, events := s.client(socket.Options{})
			s.status(events, 400)
			s.outside(late)
		})
	}
}

// A context has one handler.
func TestSecondHandler(t *testing.T) {
	s := stage(t, zap.Config{Policy: zap.Policy{"shop": {Any: true}}}, inShop)
	for _, thread := range []*zmqthread.Thread{s.Thread, s.Beside(zmqthread.Config{Share: s.Thread})} {
		_, err := zap.Start(s.Ctx, thread, zap.Config{})
		var held *zmqthread.HeldError
		if !errors.As(err, &held) || held.Holder.Id != s.part("socket").Id {
			t.Error(err)
		}
	}
	pid, _ := s.client(socket.Options{})
	s.works(pid)
	other := s.Beside(zmqthread.Config{}) // another context
	pid2, err := zap.Start(s.Ctx, other, zap.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s.Poison(pid2)
}

// A wrong Config is known before anything is spawned, and to whoever asks what was.
func TestWrongConfig(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	wrong := zap.Config{Policy: zap.Policy{"shop": {Any: true, Plain: map[string]socket.Secret{"a": "b"}}}}
	var bad *zap.PolicyError
	if _, err := zap.Start(r.Ctx, r.Thread, wrong); !errors.As(err, &bad) || bad.Field != "Any" {
		t.Error(err)
	}
	pid := r.Root.Spawn(zap.Props(r.Thread, wrong))
	if err := zap.Ready(r.Ctx, r.Root, pid); !errors.As(err, &bad) {
		t.Error(err)
	}
	if _, err := zap.Apply(r.Ctx, r.Root, pid, nil); !errors.As(err, &bad) {
		t.Error(err)
	}
	r.Stop(pid)
}

// Events are bounded: an actor that does not keep up misses some, and is told how many.
func TestEventsAreBounded(t *testing.T) {
	s := stage(t, zap.Config{}, inShop)
	free, got := make(chan bool), make(chan any, 1<<14)
	slow := s.Actor(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *zap.Decided, *zap.Missed:
			<-free
			got <- m
		}
	})
	handler, err := zap.Start(s.Ctx, s.Thread, zap.Config{Policy: zap.Policy{"shop": {Any: true}}, Events: slow})
	if err != nil {
		t.Fatal(err)
	}
	s.handler = handler
	const n = 1500
	asker := s.asker()
	for range n {
		s.ask(asker, request("shop", "127.0.0.1", "NULL")...)
	}
	close(free)
	var seen, missed uint64
	for seen+missed < n {
		select {
		case m := <-got:
			if e, ok := m.(*zap.Missed); ok {
				missed += e.Events
			} else {
				seen++
			}
		case <-time.After(rig.Patience):
			t.Fatal(seen, missed)
		}
	}
	if seen != 1024 || missed != n-1024 {
		t.Error(seen, missed)
	}
	s.Poison(handler)
}
