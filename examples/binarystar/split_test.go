package main

import (
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// pair starts both servers, and a client for each of them alone.
func (b *bench) pair() (p, q *star, k [2]*client) {
	p, q = b.ours(primary), b.ours(backup)
	b.reach(p, active)
	b.reach(q, passive)
	for i, at := range []string{"/primary", "/backup"} {
		k[i] = newClient(b.Root, b.Thread, 300*time.Millisecond, 1, b.dir+at, b.dir+at)
	}
	return p, q, k
}

// cut has the two hear nothing of each other. heal is the end of that.
func (b *bench) cut(both ...*star) (heal func()) {
	for _, s := range both {
		b.Do(s.sub, &messages.Disconnect{Endpoint: s.there})
	}
	return func() {
		for _, s := range both {
			b.Do(s.sub, &messages.Connect{Endpoint: s.there})
		}
	}
}

// A client that asks the backup while the primary is well gets no answer.
func TestRefused(t *testing.T) {
	b := start(t)
	_, q, k := b.pair()
	for range 5 {
		if reply, err := k[1].ask(b.Ctx, messages.Text("x")); err == nil {
			t.Errorf("the backup says %q", reply.Text())
		}
	}
	if n := b.counted(q); n.served != 0 || n.refused != 5 || n.state != passive {
		t.Errorf("%+v", n)
	}
	wantBy(t, b.ask(k[0], 10), "primary", 10)
}

// The link between the two is cut. The clients, who reach both, go on at the one where they were, and the other
// stays passive.
func TestCut(t *testing.T) {
	b := start(t)
	p, q, _ := b.pair()
	k := b.client()
	wantBy(t, b.ask(k, 10), "primary", 10)
	heal := b.cut(p, q)
	until := time.Now().Add(10 * beat)
	asked := 10
	for ; time.Now().Before(until); asked++ {
		wantBy(t, b.ask(k, 1), "primary", 1)
	}
	heal()
	wantBy(t, b.ask(k, 10), "primary", 10)
	if n := b.counted(q); n.served != 0 || n.split != 0 || n.state != passive {
		t.Errorf("the backup: %+v", n)
	}
	if n := b.counted(p); n.served < asked+10 || n.split != 0 {
		t.Errorf("the primary: %+v, %d asked", n, asked+10)
	}
}

// The link is cut, and there are clients who reach one server only, each another: both serve. When they
// hear each other again, the backup steps down, and refuses.
func TestSplit(t *testing.T) {
	b := start(t)
	p, q, k := b.pair()
	heal := b.cut(p, q)
	rig.Until(t, "the backup serves", func() bool {
		reply, err := k[1].ask(b.Ctx, messages.Text("x"))
		return err == nil && reply.Text() == "x backup"
	})
	wantBy(t, b.ask(k[0], 10), "primary", 10)
	heal()
	b.reach(q, passive)
	rig.Until(t, "the split is over and noted", func() bool { return b.counted(q).split == 1 })
	if reply, err := k[1].ask(b.Ctx, messages.Text("y")); err == nil {
		t.Errorf("then the backup says %q", reply.Text())
	}
	wantBy(t, b.ask(k[0], 10), "primary", 10)
	if n := b.counted(p); n.state != active {
		t.Errorf("the primary: %+v", n)
	}
}

// What is no state is counted, and changes nothing.
func TestNonsense(t *testing.T) {
	b := start(t)
	_, q, _ := b.pair()
	for _, m := range []*messages.Message{messages.Text("7"), messages.Text(""), messages.Text("3", "3"), messages.Text("active")} {
		b.Root.Send(q.self, m)
	}
	if n := b.counted(q); n.malformed != 4 || n.state != passive {
		t.Errorf("%+v", n)
	}
}
