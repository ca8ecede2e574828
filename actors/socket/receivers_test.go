package socket_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// pipeline is a PUSH and the PULL that a test is about.
type pipeline struct {
	*rig.Rig
	push, pull *actor.PID
}

func newPipeline(t *testing.T, cfg socket.Config) *pipeline {
	p := &pipeline{Rig: rig.Start(t, zmqthread.Config{})}
	cfg.Type, cfg.Bind = socket.Pull, []string{"inproc://pipeline"}
	cfg.Options.RecvHWM = 1
	p.pull = p.Spawn(cfg)
	p.At(p.pull)
	p.push = p.Spawn(socket.Config{Type: socket.Push, Connect: cfg.Bind, Options: socket.Options{SendHWM: 1}})
	return p
}

func (p *pipeline) send(from, to int) {
	for i := from; i < to; i++ {
		p.Root.Send(p.push, messages.Text(fmt.Sprint(i)))
	}
}

// gate is a receiver that processes nothing before it is opened.
type gate struct {
	pid  *actor.PID
	open chan struct{}
	got  atomic.Int64
}

func (p *pipeline) gate() *gate {
	g := &gate{open: make(chan struct{})}
	g.pid = p.Actor(func(c actor.Context) {
		if _, ok := c.Message().(*messages.Message); ok {
			g.got.Add(1)
			<-g.open
		}
	})
	return g
}

// Never more than Window messages are with a receiver, and everything arrives.
func TestWindow(t *testing.T) {
	for _, window := range []int{1, 2, 7} {
		t.Run(fmt.Sprint(window), func(t *testing.T) {
			p := newPipeline(t, socket.Config{Window: window})
			g := p.gate()
			p.Do(p.pull, &socket.Attach{PID: g.pid})
			p.send(0, 100)
			rig.Until(t, "the window to be full", func() bool { return p.Counts(p.pull).Delivered == uint64(window) })
			close(g.open)
			rig.Until(t, "everything", func() bool { return g.got.Load() == 100 })
			if l := p.Counts(p.pull); l.Delivered != 100 || l.Held != 0 {
				t.Errorf("%+v", l)
			}
		})
	}
}

// The slowest of several receivers sets the pace.
func TestSlowestGoverns(t *testing.T) {
	p := newPipeline(t, socket.Config{Window: 4})
	slow, fast := p.gate(), p.Collector()
	p.Do(p.pull, &socket.Attach{PID: slow.pid})
	p.Do(p.pull, &socket.Attach{PID: fast.PID})
	p.send(0, 100)
	fast.Messages(4)
	p.Do(p.pull, &messages.Bind{Endpoint: "inproc://a-round-trip-to-the-thread"})
	fast.Empty()
	close(slow.open)
	fast.Messages(96)
}

// SkipSlow passes over it and counts what it has missed.
func TestSkipSlow(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	p := &pipeline{Rig: r}
	slow, fast := p.gate(), r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://skip"}, Window: 4,
		Deliver: socket.To(slow.pid, fast.PID).SkipSlow()})
	r.At(pull)
	p.push = r.Spawn(socket.Config{Type: socket.Push, Connect: []string{"inproc://skip"}})
	p.send(0, 100)
	fast.Messages(100)
	l := r.Counts(pull)
	if l.Delivered != 100 || l.Skipped != 96 {
		t.Errorf("%+v", l)
	}
	close(slow.open)
	rig.Until(t, "the rest", func() bool { return slow.got.Load() == 4 })
}

// Whoever has credit gets the next one.
func TestRoundRobin(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	p := &pipeline{Rig: r}
	stuck, a, b := p.gate(), r.Collector(), r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://robin"}, Window: 2,
		Deliver: socket.RoundRobin(stuck.pid, a.PID, b.PID)})
	r.At(pull)
	p.push = r.Spawn(socket.Config{Type: socket.Push, Connect: []string{"inproc://robin"}})
	p.send(0, 102)
	rig.Until(t, "everything delivered", func() bool { return r.Counts(pull).Delivered == 102 })
	close(stuck.open)
	rig.Until(t, "the stuck one to take its two", func() bool { return stuck.got.Load() == 2 })
	a.Messages(10)
	b.Messages(10)
}

// The longest prefix wins; what no prefix fits is counted.
func TestByTopic(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	a, ab := r.Collector(), r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://topic"},
		Deliver: socket.ByTopic(map[string]*actor.PID{"a": a.PID, "ab": ab.PID})})
	r.At(pull)
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{"inproc://topic"}})
	for _, text := range []string{"ax", "abx", "x", "a", "ab"} {
		r.Put(push, messages.Text(text, "body"))
	}
	if m := a.Messages(2); m[0].Text() != "ax body" || m[1].Text() != "a body" {
		t.Error(m)
	}
	if m := ab.Messages(2); m[0].Text() != "abx body" || m[1].Text() != "ab body" {
		t.Error(m)
	}
	rig.Until(t, "the unmatched one", func() bool { return r.Counts(pull).Dropped["unmatched"] == 1 })
}

// A dead receiver stops the socket, by default.
func TestDeadReceiverStops(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	c := r.Actor(func(actor.Context) {})
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://dead"}, Deliver: socket.To(c)})
	r.At(pull)
	r.Root.Stop(c)
	rig.Until(t, "the socket to stop", func() bool {
		return errors.Is(socket.Reason(r.Ctx, r.Root, pull), socket.ErrReceiverGone)
	})
}

// HoldBack: what arrives waits, in the far sender in the end, until somebody is attached.
func TestDeadReceiverHoldsBack(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	p := &pipeline{Rig: r}
	c := r.Actor(func(actor.Context) {})
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://hold"}, Deliver: socket.To(c), OnDead: socket.HoldBack})
	r.At(pull)
	r.Stop(c)
	rig.Until(t, "the socket to know", func() bool {
		_, err := messages.Call(r.Ctx, r.Root, pull, &socket.Detach{PID: c})
		return errors.Is(err, messages.ErrMalformed) // not a receiver any more
	})
	p.push = r.Spawn(socket.Config{Type: socket.Push, Connect: []string{"inproc://hold"}})
	p.send(0, 100)
	late := r.Collector()
	r.Do(pull, &socket.Attach{PID: late.PID})
	for i, m := range late.Messages(100) {
		if m.Text() != fmt.Sprint(i) {
			t.Fatalf("%d: %q", i, m.Text())
		}
	}
	if l := r.Counts(pull); len(l.Dropped) > 0 {
		t.Errorf("%+v", l)
	}
}

// DropRest: what arrives for nobody is counted.
func TestDeadReceiverDrops(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	p := &pipeline{Rig: r}
	c := r.Actor(func(actor.Context) {})
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://drop"}, Deliver: socket.To(c), OnDead: socket.DropRest})
	r.At(pull)
	r.Stop(c)
	p.push = r.Spawn(socket.Config{Type: socket.Push, Connect: []string{"inproc://drop"}})
	p.send(0, 100)
	rig.Until(t, "all of them", func() bool { l := r.Counts(pull); return l.Delivered+l.Dropped["unmatched"] == 100 })
}

// A receiver that panics over the Touch itself gets another one.
func TestLostTouch(t *testing.T) {
	p := newPipeline(t, socket.Config{Window: 1})
	var got, touches atomic.Int64
	c := p.Actor(func(c actor.Context) {
		switch c.Message().(type) {
		case *messages.Message:
			got.Add(1)
		case *actor.Touch:
			if touches.Add(1) == 1 {
				panic("over the first Touch")
			}
		}
	})
	p.Do(p.pull, &socket.Attach{PID: c})
	p.send(0, 3)
	rig.Until(t, "all three", func() bool { return got.Load() == 3 })
}

// Detaching the slow one lets the others go on.
func TestDetach(t *testing.T) {
	p := newPipeline(t, socket.Config{Window: 2})
	slow, fast := p.gate(), p.Collector()
	p.Do(p.pull, &socket.Attach{PID: slow.pid})
	p.Do(p.pull, &socket.Attach{PID: fast.PID})
	p.send(0, 50)
	fast.Messages(2)
	p.Do(p.pull, &socket.Detach{PID: slow.pid})
	fast.Messages(48)
	close(slow.open)
	_, err := messages.Call(p.Ctx, p.Root, p.push, &socket.Attach{PID: fast.PID})
	if !errors.Is(err, messages.ErrMalformed) {
		t.Error("a receiver for a PUSH:", err)
	}
}
