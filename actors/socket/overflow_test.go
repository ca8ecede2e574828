package socket_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// A million sends by four goroutines to a peer that never reads: whatever Overflow says, the bound
// holds and every message is accounted for, at every instant.
func TestMillionSendsToADeafPeer(t *testing.T) {
	const million, senders, bound = 1_000_000, 4, 1000
	for name, overflow := range map[string]socket.Overflow{
		"Reject": socket.Reject, "DropOldest": socket.DropOldest, "DropNewest": socket.DropNewest} {
		t.Run(name, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			deaf := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}})
			push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(deaf), Overflow: overflow,
				Outbox: socket.Limit{Messages: bound}})
			r.Peers(push, 1)
			var rejected atomic.Int64
			me := r.Actor(func(c actor.Context) {
				if _, ok := c.Message().(*messages.Rejected); ok {
					rejected.Add(1)
				}
			})
			var wg sync.WaitGroup
			for g := range senders {
				wg.Go(func() {
					m := messages.Text(fmt.Sprint(g), "some text to go with it")
					for range million / senders {
						r.Root.RequestWithCustomSender(push, m, me)
					}
				})
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // under the race detector r.Ctx may be over
			defer cancel()
			looks := watchLedger(t, ctx, r, push, bound)
			wg.Wait()
			if n := looks(); n < 100 {
				t.Errorf("looked %d times only", n)
			}
			l, err := socket.Counts(ctx, r.Root, push)
			if err != nil {
				t.Fatal(err)
			}
			if l.Queued > bound {
				t.Errorf("%d queued, the bound is %d", l.Queued, bound)
			}
			if l.Accepted+l.Rejected != million {
				t.Errorf("%d + %d of %d messages", l.Accepted, l.Rejected, million)
			}
			if l.Accepted != l.Taken+l.Discarded["overflow"]+l.Queued {
				t.Errorf("the ledger does not add up: %+v", l)
			}
			rig.Until(t, "everybody to have their message back", func() bool { return uint64(rejected.Load()) == l.Rejected })
			switch overflow {
			case socket.Reject:
				if l.Rejected == 0 || len(l.Discarded) > 0 {
					t.Errorf("%+v", l)
				}
			default:
				if l.Rejected > 0 || l.Discarded["overflow"] == 0 {
					t.Errorf("%+v", l)
				}
			}
		})
	}
}

// watchLedger looks at a ledger all the time. The function that it returns ends that and says how
// often it did.
func watchLedger(t *testing.T, ctx context.Context, r *rig.Rig, pid *actor.PID, bound uint64) func() int {
	over, looks := make(chan struct{}), make(chan int)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-over:
				looks <- n
				return
			default:
			}
			l, err := socket.Counts(ctx, r.Root, pid)
			if err != nil {
				t.Error(err)
			} else if rig.Balanced(t, "in between", l); l.Queued > bound {
				t.Errorf("%d queued, the bound is %d", l.Queued, bound)
			}
		}
	}()
	return func() int {
		close(over)
		return <-looks
	}
}

// DropOldest keeps the newest, in order; DropNewest the oldest.
func TestOverflowKeepsTheRightOnes(t *testing.T) {
	for name, c := range map[string]struct {
		overflow socket.Overflow
		first    int
	}{"DropOldest": {socket.DropOldest, 90}, "DropNewest": {socket.DropNewest, 0}} {
		t.Run(name, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			push := r.Spawn(socket.Config{Type: socket.Push, Bind: []string{"inproc://keeps"}, Overflow: c.overflow,
				Outbox: socket.Limit{Messages: 10}})
			r.At(push)
			for i := range 100 {
				r.Root.Send(push, messages.Text(fmt.Sprint(i)))
			}
			in := r.Collector()
			r.Spawn(socket.Config{Type: socket.Pull, Connect: []string{"inproc://keeps"}, Deliver: socket.To(in.PID)})
			for i, m := range in.Messages(10) {
				if m.Text() != fmt.Sprint(c.first+i) {
					t.Errorf("%d: %s, want %d", i, m.Text(), c.first+i)
				}
			}
		})
	}
}

// Bytes bound the outbox as messages do, and one message may always wait.
func TestOutboxIsBoundedInBytes(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	push := r.Spawn(socket.Config{Type: socket.Push, Bind: []string{"inproc://bytes"}, Outbox: socket.Limit{Bytes: 100_000}})
	r.At(push)
	large := messages.Bytes(make([]byte, 200_000))
	r.Root.Send(push, large) // larger than all of it, and alone
	r.Root.Send(push, messages.Text("no room"))
	if l := r.Counts(push); l.Queued != 1 || l.Rejected != 1 {
		t.Errorf("%+v", l)
	}
	in := r.Collector()
	r.Spawn(socket.Config{Type: socket.Pull, Connect: []string{"inproc://bytes"}, Deliver: socket.To(in.PID)})
	if m := in.Message(); m.Size() != 200_000 {
		t.Error(m.Size())
	}
	for range 3 {
		r.Root.Send(push, messages.Bytes(make([]byte, 30_000)))
	}
	in.Messages(3)
}

// A Touch sent to a socket is answered when ZeroMQ has taken everything before it.
func TestTouchToSocket(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	push := r.Spawn(socket.Config{Type: socket.Push, Bind: []string{"inproc://touch"}})
	r.At(push)
	c := r.Collector()
	r.Root.Send(push, messages.Text("x"))
	r.Root.RequestWithCustomSender(push, &actor.Touch{}, c.PID)
	r.Do(push, &messages.Bind{Endpoint: "inproc://a-round-trip"})
	c.Empty()
	r.Spawn(socket.Config{Type: socket.Pull, Connect: []string{"inproc://touch"}})
	touched, _ := rig.Take[*actor.Touched](c)
	if !touched.Who.Equal(push) {
		t.Error(touched.Who)
	}
	if l := r.Counts(push); l.Taken != 1 {
		t.Errorf("%+v", l)
	}
}
