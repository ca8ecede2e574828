package fake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"
	"pgregory.net/rapid"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/fake"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// talk is a plan for clients that ask and a server that answers.
type talk struct {
	seed            uint64
	luck            fake.Luck
	client, server  zmq.Type
	clients, window int
	hwm, outbox     int
	monitor         bool
	steps           []step
}

const ask, askMany verb = "ask", "ask many"

func talks(t *rapid.T) talk {
	one := func(name string, of ...int) int { return rapid.SampledFrom(of).Draw(t, name) }
	return talk{
		seed: rapid.Uint64().Draw(t, "seed"),
		luck: fake.Luck{Partial: one("partial", 0, 3), Again: one("again", 0, 5), Lazy: one("lazy", 0, 2), Spurious: one("spurious", 0, 4),
			Interrupt: one("interrupt", 0, 3), Reorder: one("reorder", 0, 2), Linger: one("linger", 0, 2), Dies: one("dies", 0, 0, 5)},
		monitor: rapid.Bool().Draw(t, "monitor"),
		client:  rapid.SampledFrom([]zmq.Type{socket.Dealer, socket.Req}).Draw(t, "client"),
		server:  rapid.SampledFrom([]zmq.Type{socket.Rep, socket.Router}).Draw(t, "server"), clients: one("clients", 1, 2),
		window: one("window", 1, 3, 100), hwm: one("hwm", 1, 10), outbox: one("outbox", 1, 5, 100),
		steps: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{
				verb:   rapid.SampledFrom([]verb{ask, ask, ask, askMany, hold, release, release, stall, flow, upset, destroy, stop, poison, wait, wait, crash, end, starve}).Draw(t, "verb"),
				number: rapid.IntRange(0, 3).Draw(t, "number"), count: rapid.SampledFrom([]int{1, 5, 50, 500}).Draw(t, "count")}
		}), 1, 40).Draw(t, "steps"),
	}
}

// forum is where a talk takes place.
type forum struct {
	*stage // for its sockets only
	talk   talk
	server *actress
	clerk  *receiver // holds and releases
	asked  atomic.Int64
}

// Whoever asks gets exactly one answer, to the right question, or a typed error; and when nothing is
// in the way, the answer.
func TestDialogue(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := talks(rt)
		var problems []string
		synctest.Test(t, func(t *testing.T) {
			f := &forum{stage: enter(t, plan{seed: p.seed, luck: p.luck, threads: 2, hwm: p.hwm, turnMessages: 10, monitor: p.monitor}), talk: p}
			f.run()
			problems = f.problems
		})
		if len(problems) > 0 {
			rt.Fatalf("%+v\n%s", p, strings.Join(problems[:min(len(problems), 10)], "\n"))
		}
	})
}

func (f *forum) run() {
	f.clerk = &receiver{stage: f.stage}
	f.clerk.pid = f.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			f.clerk.mu.Lock()
			held := f.clerk.held
			f.clerk.mu.Unlock()
			if held != nil {
				<-held
			}
			c.Respond(messages.Text(m.Text()))
		}
	}))
	f.server = f.spawn(0, socket.Config{Type: f.talk.server, Bind: []string{f.at(0)}, Deliver: socket.To(f.clerk.pid), Window: f.talk.window})
	for range f.talk.clients {
		f.pushes = append(f.pushes, f.client())
	}
	synctest.Wait()
	for i, step := range f.talk.steps {
		f.act(step)
		synctest.Wait()
		f.books(fmt.Sprintf("after step %d, %s:", i, step.verb))
	}
	f.end()
}

func (f *forum) client() *actress {
	return f.spawn(1, socket.Config{Type: f.talk.client, Connect: []string{f.at(0)}, Outbox: socket.Limit{Messages: f.talk.outbox},
		ReplyTimeout: time.Second})
}

func (f *forum) act(x step) {
	all := append(append([]*actress(nil), f.pushes...), f.server)
	switch i := x.number % len(f.pushes); x.verb {
	case ask:
		f.ask(f.pushes[i], time.Duration(x.count)*time.Millisecond, false)
	case askMany:
		for range 10 {
			f.ask(f.pushes[i], time.Duration(x.count)*time.Millisecond, false)
		}
	case hold, release:
		f.clerk.hold(x.verb == hold)
	case stall, flow:
		f.net.Stall(f.pushes[i].native(), x.verb == stall)
	case upset:
		f.net.Panic(pick(all, x.number).native())
	case destroy:
		f.net.Break(pick(all, x.number).native(), syscall.ENOBUFS)
	case stop:
		f.system.Root.Stop(f.pushes[i].pid)
		f.pushes[i] = f.client()
	case poison:
		f.system.Root.Poison(f.pushes[i].pid)
		f.pushes[i] = f.client()
	case wait:
		time.Sleep(time.Duration(x.count) * time.Millisecond)
	default:
		f.trouble(x, func() { f.ask(pick(f.pushes, x.number), time.Duration(x.count)*time.Millisecond, false) })
	}
}

// ask asks on a goroutine of its own. must: there is no excuse for no reply.
func (f *forum) ask(a *actress, patience time.Duration, must bool) {
	question := fmt.Sprint("question ", f.asked.Add(1))
	f.waiting.Add(1)
	f.puts.Go(func() {
		defer f.waiting.Add(-1)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		began := time.Now()
		reply, err := messages.Ask(ctx, f.system.Root, a.pid, messages.Text(question))
		switch {
		case err == nil && reply.Text() != question:
			f.complain("asked %q and was told %q", question, reply.Text())
		case time.Since(began) > patience:
			f.complain("asked %q and waited %v of %v", question, time.Since(began), patience)
		case err == nil:
		case must || !excuse(err):
			f.complain("asked %q: %v", question, err)
		}
	})
}

// excuse: there may be no reply.
func excuse(err error) bool {
	for _, known := range []error{context.DeadlineExceeded, messages.ErrStopped, messages.ErrFailed, messages.ErrTimedOut} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// books looks at the ledgers.
func (f *forum) books(when string) {
	for _, a := range append(append([]*actress(nil), f.pushes...), f.server) {
		ctx, cancel := ctx()
		if l, err := socket.Counts(ctx, f.system.Root, a.pid); err != nil {
			f.complain("%s counts: %v", when, err)
		} else if what := rig.Unbalanced(l); what != "" {
			f.complain("%s %s %s", when, a.pid.Id, what)
		}
		cancel()
	}
}

func (f *forum) end() {
	if f.clerk != nil {
		f.clerk.hold(false)
	}
	for _, a := range f.cast {
		f.net.Stall(a.native(), false)
	}
	f.net.Calm()
	f.relieve()
	time.Sleep(2 * time.Second) // whoever waits has a ctx that is over by now
	synctest.Wait()
	if n := f.waiting.Load(); n > 0 {
		f.complain("%d are still waiting", n)
	}
	for _, a := range f.pushes {
		if f.clerk == nil {
			break // another play
		}
		f.ask(a, 900*time.Millisecond, true) // less than a lost Touch takes
	}
	f.puts.Wait()
	f.books("in the end:")
	f.meet("in the end:", append(slices.Clone(f.pushes), f.server))
	for _, thread := range f.threads {
		if err := thread.Shutdown(context.Background()); err != nil {
			f.complain("shutdown: %v", err)
		}
	}
	if f.clerk != nil {
		f.system.Root.Stop(f.clerk.pid)
	}
	f.system.Root.Stop(f.me)
	f.system.Root.Stop(f.events)
	time.Sleep(time.Second)
	synctest.Wait()
}
