package fake_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/fake"
	"github.com/sockeye-mq/sockeye/messages"
)

// A Touch that its receiver panics over is sent again, on a DEALER too.
func TestLostTouchOfDealer(t *testing.T) {
	for _, typ := range []zmq.Type{socket.Pull, socket.Dealer} {
		t.Run(fmt.Sprint(typ), func(t *testing.T) {
			inHouse(t, fake.Luck{}, func(h *house) {
				r := h.rec()
				lose := 2
				r.onTouch = func() {
					if lose > 0 {
						lose--
						panic("what is this?")
					}
				}
				there := h.spawn(socket.Config{Type: typ, Bind: []string{"tcp://a:1"}, Deliver: socket.To(r.pid), Window: 2}, quick)
				peer := zmq.Type(socket.Push)
				if typ == socket.Dealer {
					peer = socket.Dealer
				}
				here := h.spawn(socket.Config{Type: peer, Connect: []string{"tcp://a:1"}})
				for i := range 3 {
					h.system.Root.Send(here, messages.Text(fmt.Sprint(i)))
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				if l := h.counts(there); l.Delivered != 3 {
					t.Errorf("an hour later, with an idle receiver: %+v", l)
				}
			})
		})
	}
}

// Two callers on two nodes may have the same id: the one that gives up does not take the other along.
func TestCallersOfTwoNodes(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		var mu sync.Mutex
		answers := map[string][]any{}
		h.system.ProcessRegistry.RegisterAddressResolver(func(pid *actor.PID) (actor.Process, bool) {
			return proc(func(x any) {
				mu.Lock()
				answers[pid.Address] = append(answers[pid.Address], x)
				mu.Unlock()
			}), true
		})
		push := h.spawn(socket.Config{Type: socket.Push, Bind: []string{"tcp://a:1"}, Outbox: socket.Limit{Messages: 1}})
		h.system.Root.Send(push, messages.Text("fills it"))
		a, b := actor.NewPID("nodeA:1", "ask$7"), actor.NewPID("nodeB:1", "ask$7")
		h.system.Root.RequestWithCustomSender(push, &messages.Offer{Message: messages.Text("A's")}, a)
		h.system.Root.RequestWithCustomSender(push, &messages.Offer{Message: messages.Text("B's")}, b)
		h.system.Root.RequestWithCustomSender(push, &messages.Cancelled{}, a) // A gives up
		synctest.Wait()
		r := h.rec()
		h.spawn(socket.Config{Type: socket.Pull, Connect: []string{"tcp://a:1"}, Deliver: socket.To(r.pid)})
		time.Sleep(time.Second)
		synctest.Wait()
		mu.Lock()
		if len(answers["nodeB:1"]) != 1 {
			t.Errorf("A cancelled; B was answered %d times, A %d; sent: %q", len(answers["nodeB:1"]), len(answers["nodeA:1"]), r.got)
		}
		mu.Unlock()
	})
}

// Offers of an actor that does not wait for one before it makes the next are bounded.
func TestWaitingOffersAreBounded(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		me := h.system.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
		push := h.spawn(socket.Config{Type: socket.Push, Bind: []string{"tcp://a:1"}, Outbox: socket.Limit{Messages: 1}})
		for range 100_000 {
			h.system.Root.RequestWithCustomSender(push, &messages.Offer{Message: messages.Text("x")}, me)
		}
		l := h.counts(push)
		t.Logf("%+v", l)
		if l.Rejected < 98_000 {
			t.Errorf("an outbox of 1: accepted %d, rejected %d of 100,000 offers that an actor did not wait for: the others wait, without a bound", l.Accepted, l.Rejected)
		}
	})
}

// An offer that waited and then cannot be addressed is counted.
func TestRejectedAfterWaiting(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		c := newTrio(h, 1, socket.Config{Outbox: socket.Limit{Messages: 1}})
		h.net.Stall(c.raw[0], true)
		for range 3 {
			h.system.Root.Send(c.router, messages.Bytes(c.ids[0], []byte("x")))
			synctest.Wait()
		}
		var stopped time.Time
		before := h.counts(c.router)
		all := h.wait(&stopped, func(x context.Context) error {
			return messages.Put(x, h.system.Root, c.router, messages.Bytes([]byte("only an identity")))
		})
		h.net.Stall(c.raw[0], false)
		time.Sleep(time.Second)
		synctest.Wait()
		l := h.counts(c.router)
		if all[0].err == nil || l.Rejected != before.Rejected+1 {
			t.Errorf("%v; before %+v after %+v", all[0].err, before, l)
		}
	})
}

// An Attach whose first delivery panics is answered.
func TestAttachIsAnswered(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		first, second := h.rec(), h.rec()
		there := h.spawn(socket.Config{Type: socket.Dealer, Bind: []string{"tcp://a:1"}, OnDead: socket.HoldBack, Deliver: socket.To(first.pid)}, quick)
		here := h.spawn(socket.Config{Type: socket.Dealer, Connect: []string{"tcp://a:1"}})
		h.system.Root.Send(there, &socket.Detach{PID: first.pid})
		synctest.Wait()
		h.system.Root.Send(here, messages.Text("1"))
		h.system.Root.Send(here, messages.Text("2"))
		synctest.Wait()
		n := 0
		second.panicOn = func(x any) bool {
			if _, ok := x.(*messages.Message); ok {
				n++
				return n == 1
			}
			return false
		}
		c, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		_, err := messages.Call(c, h.system.Root, there, &socket.Attach{PID: second.pid})
		synctest.Wait()
		t.Logf("n=%d got %q %+v", n, second.got, h.counts(there))
		if err != nil {
			t.Errorf("attach: %v; it got %v", err, second.got)
		}
	})
}

// A waiter that gives up leaves room to those behind it.
func TestCancelLetsTheNextIn(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		push := h.spawn(socket.Config{Type: socket.Push, Bind: []string{"tcp://a:1"}, Outbox: socket.Limit{Messages: 10}})
		for range 5 {
			h.system.Root.Send(push, messages.Text("x"))
		}
		c, cancel := context.WithCancel(context.Background())
		go messages.Put(c, h.system.Root, push, messages.Pack(messages.Text("1"), messages.Text("2"), messages.Text("3"), messages.Text("4"), messages.Text("5"), messages.Text("6")))
		synctest.Wait()
		accepted := false
		go func() {
			_, err := messages.Call(context.Background(), h.system.Root, push, &messages.Offer{Message: messages.Text("y"), Accept: true}) // as Splice does
			accepted = err == nil
		}()
		synctest.Wait()
		cancel()
		time.Sleep(time.Hour)
		synctest.Wait()
		h.system.Root.Send(push, messages.Text("z"))
		l := h.counts(push)
		if !accepted || l.Rejected > 0 {
			t.Errorf("5 of 10 are queued, the waiter in front has given up an hour ago, and the next still waits for room (accepted: %t); a Send is rejected: %+v", accepted, l)
		}
	})
}

// Touches that wait are bounded, too, and those that were let in are answered.
func TestWaitingTouchesAreBounded(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		refused, touched := 0, 0
		me := h.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
			switch c.Message().(type) {
			case *messages.Refused:
				refused++
			case *actor.Touched:
				touched++
			}
		}))
		push := h.spawn(socket.Config{Type: socket.Push, Connect: []string{"tcp://later:1"}})
		h.system.Root.Send(push, messages.Text("in front"))
		for range 10_000 {
			h.system.Root.RequestWithCustomSender(push, &actor.Touch{}, me)
		}
		synctest.Wait()
		if refused < 8_000 || touched > 0 {
			t.Errorf("%d refused, %d touched", refused, touched)
		}
		h.spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://later:1"}, Deliver: socket.To(me)})
		if refused+touched != 10_000 {
			t.Errorf("%d refused and %d touched of 10,000", refused, touched)
		}
	})
}
