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

// A reply passes what waits for a receiver that is full, and what was passed stays in order.
func TestReplyPassesFullReceiver(t *testing.T) {
	for name, batch := range map[string]int{"messages": 0, "batches": 2} {
		t.Run(name, func(t *testing.T) {
			p := &pipeline{Rig: rig.Start(t, zmqthread.Config{})}
			echo := p.Spawn(socket.Config{Type: socket.Router, Bind: []string{"inproc://echo"}, Deliver: socket.To(p.Echo())})
			p.At(echo)
			full := make(chan struct{})
			var got []string
			done := make(chan struct{})
			take := func(m *messages.Message) {
				<-full
				if got = append(got, m.Text()); len(got) == 10 {
					close(done)
				}
			}
			receiver := p.Actor(func(c actor.Context) {
				switch m := c.Message().(type) {
				case *messages.Message:
					take(m)
				case *messages.Batch:
					for _, m := range m.Messages() {
						take(m)
					}
				}
			})
			dealer := p.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{"inproc://echo"}, Deliver: socket.To(receiver),
				Window: 6, Batch: batch})
			for i := range 10 {
				p.Root.Send(dealer, messages.Text(fmt.Sprint(i)))
			}
			for range 3 {
				if reply := p.Ask(dealer, messages.Text("hello")); reply.Text() != "hello" {
					t.Error(reply.Text())
				}
			}
			if l := p.Counts(dealer); l.Held == 0 {
				t.Errorf("nothing waits for the receiver: %+v", l)
			}
			close(full)
			<-done
			for i, text := range got {
				if text != fmt.Sprint(i) {
					t.Fatal(got)
				}
			}
		})
	}
}

// What was parked when the socket stops is dead letters.
func TestParkedIsReturned(t *testing.T) {
	p := &pipeline{Rig: rig.Start(t, zmqthread.Config{})}
	g := p.gate()
	defer close(g.open)
	there := p.Spawn(socket.Config{Type: socket.Dealer, Bind: []string{"inproc://parked"}, Deliver: socket.To(g.pid), Window: 3})
	p.At(there)
	here := p.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{"inproc://parked"}})
	for i := range 20 {
		p.Root.Send(here, messages.Text(fmt.Sprint(i)))
	}
	rig.Until(t, "it is full", func() bool { l := p.Counts(there); return l.Delivered == 3 && l.Held == 3 })
	p.Stop(there)
	rig.Until(t, "what was parked", func() bool { return len(p.Dead.To(there)) == 3 })
	for i, m := range p.Dead.To(there) {
		if m.(*messages.Message).Text() != fmt.Sprint(3+i) {
			t.Error(m)
		}
	}
}

// A DEALER that holds back keeps what arrives for the next receiver.
func TestDealerHoldsBack(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	first, late := r.Collector(), r.Collector()
	there := r.Spawn(socket.Config{Type: socket.Dealer, Bind: []string{"inproc://held"}, Deliver: socket.To(first.PID), OnDead: socket.HoldBack})
	r.At(there)
	here := r.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{"inproc://held"}})
	r.Stop(first.PID)
	rig.Until(t, "the socket to know", func() bool {
		_, err := messages.Call(r.Ctx, r.Root, there, &socket.Detach{PID: first.PID})
		return errors.Is(err, messages.ErrMalformed) // not a receiver any more
	})
	for i := range 5 {
		r.Root.Send(here, messages.Text(fmt.Sprint(i)))
	}
	rig.Until(t, "they are here", func() bool { return r.Counts(there).Held == 5 })
	r.Do(there, &socket.Attach{PID: late.PID})
	for i, m := range late.Messages(5) {
		if m.Text() != fmt.Sprint(i) {
			t.Error(m.Text())
		}
	}
}

// An XPUB that its subscribers flood keeps no more than its receivers have credit for.
func TestXPubIsBounded(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	p := &pipeline{Rig: r}
	g := p.gate()
	defer close(g.open)
	xpub := r.Spawn(socket.Config{Type: socket.XPub, Bind: []string{"inproc://flood"}, Deliver: socket.To(g.pid), Window: 2})
	xsub := r.Spawn(socket.Config{Type: socket.XSub, Connect: r.At(xpub)})
	r.Peers(xsub, 1)
	const n = 5000
	for i := range n {
		r.Put(xsub, messages.Text(fmt.Sprint("x", i)))
	}
	rig.Until(t, "all of them to be accounted for", func() bool {
		l := r.Counts(xpub)
		return l.Received+r.Counts(xsub).Discarded["overflow"] >= n-1000 && l.Delivered == 2 && l.Dropped["slow"] == l.Received-2
	})
}

// A client that does not read holds the others up for MuteTimeout, not for ever, and what is for it
// comes back.
func TestMuteClient(t *testing.T) {
	p := &pipeline{Rig: rig.Start(t, zmqthread.Config{})}
	var refused atomic.Int64
	answers := p.Actor(func(c actor.Context) {
		switch m := c.Message().(type) {
		case *messages.Message:
			c.Request(c.Sender(), m) // as c.Respond, but it hears of what becomes of it
		case *messages.Rejected:
			if errors.Is(m, messages.ErrFull) {
				refused.Add(1)
			}
		}
	})
	rep := p.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"inproc://mute"}, Deliver: socket.To(answers), Options: socket.Options{SendHWM: 1}})
	p.At(rep)
	g := p.gate()
	defer close(g.open)
	mute := p.Spawn(socket.Config{Type: socket.Dealer, Connect: []string{"inproc://mute"}, Deliver: socket.To(g.pid), Window: 1,
		Options: socket.Options{RecvHWM: 1}})
	req := p.Spawn(socket.Config{Type: socket.Req, Connect: []string{"inproc://mute"}})
	for range 50 {
		p.Put(mute, messages.Text("", "hello"))
	}
	rig.Until(t, "answers to come back", func() bool { return refused.Load() > 0 })
	for range 20 {
		p.Ask(req, messages.Text("and I?"))
	}
	rig.Until(t, "the ledger to say so", func() bool { return p.Counts(rep).Discarded["mute"] == uint64(refused.Load()) })
}

// A STREAM has its peers when they are connected: raw TCP knows no handshake.
func TestWaitPeersOfStream(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	c := r.Collector()
	here := r.Spawn(socket.Config{Type: socket.Stream, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(c.PID)})
	for n := range 3 {
		there := r.Spawn(socket.Config{Type: socket.Stream, Connect: r.At(here)})
		r.Peers(there, 1)
		r.Peers(here, n+1)
	}
}
