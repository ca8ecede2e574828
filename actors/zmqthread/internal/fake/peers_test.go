package fake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"pgregory.net/rapid"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/fake"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// crowd is a ROUTER and peers of which some are mute now and then.
type crowd struct {
	*forum
	router *actress
	ids    [][]byte // the ROUTER's names of its peers
	sent   []int    // to each
	got    [][]string
}

// mutePlan is what happens: steps as in the other plays.
type mutePlan struct {
	seed     uint64
	luck     fake.Luck
	hwm      int
	outbox   int
	overflow socket.Overflow
	steps    []step
}

func mutePlans(t *rapid.T) mutePlan {
	one := func(name string, of ...int) int { return rapid.SampledFrom(of).Draw(t, name) }
	return mutePlan{
		seed: rapid.Uint64().Draw(t, "seed"),
		luck: fake.Luck{Partial: one("partial", 0, 3), Again: one("again", 0, 5), Lazy: one("lazy", 0, 2), Slow: one("slow", 0, 2),
			Interrupt: one("interrupt", 0, 3), Spurious: one("spurious", 0, 4)},
		hwm: one("hwm", 1, 5), outbox: one("outbox", 1, 10, 1000), overflow: socket.Overflow(one("overflow", 0, 1, 2)),
		steps: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{verb: rapid.SampledFrom([]verb{send, send, send, sendMany, put, stall, stall, flow, upset, wait, crash, end}).Draw(t, "verb"),
				number: rapid.IntRange(0, 2).Draw(t, "number"), count: rapid.SampledFrom([]int{1, 2, 20, 100}).Draw(t, "count")}
		}), 1, 40).Draw(t, "steps"),
	}
}

// Peers that take nothing hold up nobody else; each gets what is its own, in order, and a Put for
// one that takes returns. The ledger knows the rest.
func TestMutePeers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := mutePlans(rt)
		var problems []string
		synctest.Test(t, func(t *testing.T) {
			c := &crowd{forum: &forum{stage: enter(t, plan{seed: p.seed, luck: p.luck, threads: 1, hwm: p.hwm, turnMessages: 10})}}
			c.gather(p)
			for i, step := range p.steps {
				c.do(p, step)
				synctest.Wait()
				c.books(fmt.Sprintf("after step %d, %s:", i, step.verb))
			}
			c.disperse(p)
			problems = c.problems
		})
		if len(problems) > 0 {
			rt.Fatalf("%+v\n%s", p, strings.Join(problems[:min(len(problems), 10)], "\n"))
		}
	})
}

const crowdSize = 3

func (c *crowd) gather(p mutePlan) {
	hello := make(chan []byte, crowdSize)
	door := c.system.Root.Spawn(actor.PropsFromFunc(func(x actor.Context) {
		if m, ok := x.Message().(*messages.Message); ok {
			hello <- m.Frames[0]
		}
	}))
	c.router = c.spawn(0, socket.Config{Type: socket.Router, Bind: []string{c.at(0)}, Deliver: socket.To(door),
		Outbox: socket.Limit{Messages: p.outbox}, Overflow: p.overflow})
	c.server = c.router
	c.got, c.sent = make([][]string, crowdSize), make([]int, crowdSize)
	for i := range crowdSize {
		to := c.system.Root.Spawn(actor.PropsFromFunc(func(x actor.Context) {
			if m, ok := x.Message().(*messages.Message); ok {
				c.mu.Lock()
				c.got[i] = append(c.got[i], m.Text())
				c.mu.Unlock()
			}
		}))
		peer := c.spawn(0, socket.Config{Type: socket.Dealer, Connect: []string{c.at(0)}, Deliver: socket.To(to)})
		c.pushes = append(c.pushes, peer)
		synctest.Wait()
		c.system.Root.Send(peer.pid, messages.Text("hello"))
		c.ids = append(c.ids, <-hello)
	}
}

func (c *crowd) message(i int) *messages.Message {
	c.sent[i]++
	return messages.Bytes(c.ids[i], fmt.Appendf(nil, "%06d", c.sent[i]))
}

func (c *crowd) do(p mutePlan, x step) {
	i := x.number % crowdSize
	switch x.verb {
	case send:
		for k := range x.count {
			c.system.Root.RequestWithCustomSender(c.router.pid, c.message((i+k%2)%crowdSize), c.me)
		}
	case sendMany:
		var all []*messages.Message
		for k := range x.count {
			all = append(all, c.message((i+k)%crowdSize))
		}
		c.system.Root.RequestWithCustomSender(c.router.pid, messages.Pack(all...), c.me)
	case put:
		c.put(p, i, time.Duration(x.count)*10*time.Millisecond)
	case stall, flow:
		c.pushes[i].stalled = x.verb == stall
		c.net.Stall(c.pushes[i].native(), c.pushes[i].stalled)
	case upset:
		c.net.Panic(c.router.native())
	case wait:
		time.Sleep(time.Duration(x.count) * time.Millisecond)
	default:
		c.trouble(x, func() { c.do(p, step{send, x.number, x.count}) })
	}
}

// put waits for ZeroMQ: not for long if the peer takes and there is room.
func (c *crowd) put(p mutePlan, i int, patience time.Duration) {
	m := messages.Bytes(c.ids[i], []byte("put")) // its place is when there is room, whenever that is
	if patience < 100*time.Millisecond {
		patience *= 10
	}
	free := !c.pushes[i].stalled && c.queued() < uint64(p.outbox)
	c.waiting.Add(1)
	c.puts.Go(func() {
		defer c.waiting.Add(-1)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err := messages.Put(ctx, c.system.Root, c.router.pid, m)
		if err != nil && (free || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, messages.ErrDropped)) {
			c.complain("put for a peer that takes %t: %v", free, err)
		}
	})
	synctest.Wait()
	if free {
		time.Sleep(8 * time.Millisecond) // a failed call comes back in 2
		synctest.Wait()
	}
}

func (c *crowd) queued() uint64 {
	ctx, cancel := ctx()
	defer cancel()
	l, err := socket.Counts(ctx, c.system.Root, c.router.pid)
	if err != nil {
		c.complain("counts: %v", err)
	}
	return l.Queued
}

// disperse lets everything flow and looks at who got what.
func (c *crowd) disperse(p mutePlan) {
	for _, a := range c.pushes {
		c.net.Stall(a.native(), false)
	}
	touched := make(chan struct{})
	asker := c.system.Root.Spawn(actor.PropsFromFunc(func(x actor.Context) {
		if _, ok := x.Message().(*actor.Touched); ok {
			close(touched)
		}
	}))
	c.system.Root.RequestWithCustomSender(c.router.pid, &actor.Touch{}, asker)
	time.Sleep(500 * time.Millisecond)
	synctest.Wait()
	select {
	case <-touched:
	default:
		c.complain("the Touch is not answered")
	}
	c.puts.Wait()
	ctx, cancel := ctx()
	l, err := socket.Counts(ctx, c.system.Root, c.router.pid)
	cancel()
	if what := rig.Unbalanced(l); err != nil || what != "" || l.Queued > 0 {
		c.complain("in the end: %v %s %+v", err, what, l)
	}
	var got uint64
	c.mu.Lock()
	for i, all := range c.got {
		got += uint64(len(all))
		all = slices.DeleteFunc(all, func(text string) bool { return text == "put" })
		for k := 1; k < len(all); k++ {
			if all[k] <= all[k-1] {
				c.problems = append(c.problems, fmt.Sprintf("peer %d got %s after %s", i, all[k], all[k-1]))
			}
		}
	}
	c.mu.Unlock()
	if got != l.Taken {
		c.complain("ZeroMQ took %d, %d arrived", l.Taken, got)
	}
	c.end()
}
