package wire

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// Messages, requests, Futures and answers go back and forth.
func TestSendAndRespond(t *testing.T) {
	a, b := start(t, Config{}), start(t, Config{})
	b.spawn("echo", echo)
	in := a.box()
	a.root.RequestWithCustomSender(b.pid("echo"), messages.Text("hello"), in.PID)
	if m := next[*messages.Message](t, in); m.Text() != "echo hello" {
		t.Error(m.Text())
	}
	if x, err := a.root.RequestFuture(b.pid("echo"), messages.Text("future"), rig.Patience).Result(); err != nil || x.(*messages.Message).Text() != "echo future" {
		t.Error(x, err)
	}
	for i := range 100 {
		if got := a.ask(b.pid("echo"), fmt.Sprint(i)); got != fmt.Sprint("echo ", i) {
			t.Error(got)
		}
	}
	rig.Until(t, "both to be up", func() bool { return a.ups(b.wire.Address()) == 1 && b.ups(a.wire.Address()) == 1 })
}

// Headers, the sender and the RequestIds of both PIDs arrive.
func TestEnvelope(t *testing.T) {
	a, b := start(t, Config{}), start(t, Config{})
	type seen struct {
		header, text, sender string
		request              uint32
	}
	got := make(chan seen, 1)
	b.spawn("reader", func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			got <- seen{c.MessageHeader().Get("trace"), m.Text(), c.Sender().Address + "/" + c.Sender().Id, c.Sender().RequestId}
		}
	})
	a.root.Send(b.pid("reader"), &actor.MessageEnvelope{Header: map[string]string{"trace": "ünï", "x": ""}, Message: messages.Text("hi"),
		Sender: &actor.PID{Address: nowhere, Id: "me", RequestId: 77}})
	select {
	case s := <-got:
		if want := (seen{"ünï", "hi", a.wire.Address() + "/me", 77}); s != want {
			t.Errorf("%+v, want %+v", s, want)
		}
	case <-time.After(rig.Patience):
		t.Fatal("nothing arrived")
	}
	ids := make(chan uint32, 1)
	target, _ := b.system.ProcessRegistry.Add(process32(ids), "numbered")
	a.root.Send(&actor.PID{Address: b.wire.Address(), Id: target.Id, RequestId: 4711}, messages.Text("x"))
	select {
	case n := <-ids:
		if n != 4711 {
			t.Error(n)
		}
	case <-time.After(rig.Patience):
		t.Fatal("nothing arrived")
	}
	b.system.ProcessRegistry.Remove(target)
}

// process32 is a Process that tells the RequestIds by which it is addressed.
type process32 chan uint32

func (p process32) SendUserMessage(pid *actor.PID, _ any) { p <- pid.RequestId }
func (process32) SendSystemMessage(*actor.PID, any)       {}
func (process32) Stop(*actor.PID)                         {}

// Whoever watches learns that an actor has stopped, once; not after Unwatch; and at once of one that is not there.
func TestWatch(t *testing.T) {
	a, b := start(t, Config{}), start(t, Config{})
	b.spawn("one", echo)
	b.spawn("two", echo)
	w, u := a.box(), a.box()
	for _, name := range []string{"one", "two"} {
		a.watch(w, b.pid(name))
		a.watch(u, b.pid(name))
	}
	a.watch(w, b.pid("nobody"))
	if m := next[*actor.Terminated](t, w); m.Who.Id != "nobody" || m.Why != actor.TerminatedReason_NotFound {
		t.Error(m)
	}
	a.root.Send(u.PID, func(c actor.Context) { c.Unwatch(b.pid("one")) })
	rig.Until(t, "the unwatch", func() bool { return b.counts(a.wire.Address()).Watched == 3 })
	a.root.Stop(b.pid("one"))
	if m := next[*actor.Terminated](t, w); m.Who.Id != "one" || m.Who.Address != b.wire.Address() || m.Why != actor.TerminatedReason_Stopped {
		t.Error(m)
	}
	a.root.Poison(b.pid("two"))
	if m := next[*actor.Terminated](t, w); m.Who.Id != "two" {
		t.Error(m)
	}
	if m := next[*actor.Terminated](t, u); m.Who.Id != "two" {
		t.Error("an unwatched actor's end was told", m)
	}
	if c := a.counts(b.wire.Address()); c.Watching != 0 {
		t.Error(c.Watching, "bonds are left")
	}
}

// StopFuture and PoisonFuture work: a Future watches.
func TestStopFuture(t *testing.T) {
	a, b := start(t, Config{}), start(t, Config{})
	b.spawn("one", echo)
	b.spawn("two", echo)
	for _, f := range []*actor.Future{a.root.StopFuture(b.pid("one")), a.root.PoisonFuture(b.pid("two"))} {
		if x, err := f.Result(); err != nil {
			t.Error(x, err)
		}
	}
	for _, name := range []string{"one", "two"} {
		if _, lives := b.system.ProcessRegistry.GetLocal(name); lives {
			t.Error(name, "lives")
		}
	}
}

// A Touch is answered after everything before it was processed, by an actor that was spawned before the
// system had an address, too.
func TestTouch(t *testing.T) {
	system := rig.System(t)
	early, err := system.Root.SpawnNamed(actor.PropsFromFunc(echo), "early")
	if err != nil || early.Address != nowhere {
		t.Fatal(early, err)
	}
	a, b := start(t, Config{}), startOn(t, system, Config{})
	who := b.pid("early")
	x, err := a.root.RequestFuture(who, &actor.Touch{}, rig.Patience).Result()
	if touched, ok := x.(*actor.Touched); err != nil || !ok || !touched.Who.Equal(who) {
		t.Error(x, err)
	}
	w := a.box()
	a.watch(w, who)
	a.root.Stop(who)
	if m := next[*actor.Terminated](t, w); !m.Who.Equal(who) {
		t.Error(m)
	}
}

// Somebody who is not there: a request fails at once, with what a local one would get.
func TestNobodyThere(t *testing.T) {
	a, b := start(t, Config{}), start(t, Config{})
	if _, err := a.root.RequestFuture(b.pid("nobody"), messages.Text("x"), rig.Patience).Result(); !errors.Is(err, actor.ErrDeadLetter) {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	if _, err := messages.Ask(ctx, a.root, b.pid("nobody"), messages.Text("x")); !errors.Is(err, messages.ErrStopped) {
		t.Error(err)
	}
}

type notProto struct{ X int }

// What is no protobuf message is a dead letter with the reason, and whoever waits learns it at once.
func TestNotSerializable(t *testing.T) {
	a, b := start(t, Config{}), start(t, Config{})
	b.spawn("echo", echo)
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	for _, m := range []any{&notProto{1}, "text", nil, (*messages.Message)(nil), &messages.Bind{Endpoint: "\xff"}, &actor.Stop{}, &actor.Started{}} {
		_, err := messages.Call(ctx, a.root, b.pid("echo"), m)
		n := new(NotSerializableError)
		if u := new(UndeliveredError); !errors.As(err, &n) || !errors.As(err, &u) || u.Reason != NotSerializable || !errors.Is(err, messages.ErrMalformed) {
			t.Errorf("%T: %v", m, err)
		}
		if _, err := a.root.RequestFuture(b.pid("echo"), m, rig.Patience).Result(); !errors.Is(err, actor.ErrDeadLetter) {
			t.Errorf("%T: %v", m, err)
		}
	}
	a.root.Send(b.pid("echo"), &notProto{2})
	if n := a.undelivered(NotSerializable); n != 15 {
		t.Error(n, "undelivered")
	}
	if a.dead["*wire.notProto"] != 3 {
		t.Error(a.dead)
	}
	a.ask(b.pid("echo"), "well")
}

// Who is known to nobody is unreachable, and that is told at once.
func TestUnknownAddress(t *testing.T) {
	a := start(t, Config{})
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	for _, address := range []string{"no port", "example.com:4711", "10.1.2.3:4711"} {
		_, err := messages.Ask(ctx, a.root, actor.NewPID(address, "x"), messages.Text("x"))
		if u := new(UndeliveredError); !errors.As(err, &u) || u.Reason != Unknown {
			t.Error(address, err)
		}
		w := a.box()
		a.watch(w, actor.NewPID(address, "x"))
		if m := next[*actor.Terminated](t, w); m.Why != actor.TerminatedReason_AddressTerminated {
			t.Error(m)
		}
	}
	var insecure *InsecureError
	if _, err := messages.Ask(ctx, a.root, actor.NewPID("10.1.2.3:4711", "x"), messages.Text("x")); !errors.As(err, &insecure) {
		t.Error(err)
	}
}

// An actor answers the one whose message was forwarded to it, across three systems.
func TestForward(t *testing.T) {
	a, b, c := start(t, Config{}), start(t, Config{}), start(t, Config{})
	c.spawn("echo", echo)
	b.spawn("hand", func(x actor.Context) {
		if _, ok := x.Message().(*messages.Message); ok {
			x.Forward(c.pid("echo"))
		}
	})
	if got := a.ask(b.pid("hand"), "hi"); got != "echo hi" {
		t.Error(got)
	}
}
