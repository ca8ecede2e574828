package fake_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/fake"
	"github.com/sockeye-mq/sockeye/messages"
)

// A dead-letter subscriber that panics while a DEALER sorts a batch: the rest of the batch goes on.
func TestPanicWhileSorting(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		var boom atomic.Bool
		boom.Store(true)
		var dead []string
		h.system.EventStream.Subscribe(func(x any) {
			if d, ok := x.(*actor.DeadLetterEvent); ok {
				if m, ok := d.Message.(*messages.Message); ok {
					if boom.Swap(false) {
						panic("subscriber")
					}
					dead = append(dead, m.Text())
				}
			}
		})
		there := h.spawn(socket.Config{Type: socket.Dealer, Bind: []string{"tcp://a:1"}, Batch: 10, Window: 10}, quick)
		here := h.spawn(socket.Config{Type: socket.Dealer, Connect: []string{"tcp://a:1"}})
		h.system.Root.Send(here, messages.Pack(messages.Text("1"), messages.Text("2"), messages.Text("3"), messages.Text("4"), messages.Text("5"),
			messages.Text("6"), messages.Text("7"), messages.Text("8"), messages.Text("9"), messages.Text("10")))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		l := h.counts(there)
		h.system.Root.Send(here, messages.Text("11"))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		l2 := h.counts(there)
		if l.Held > 0 || l2.Received != 11 {
			t.Errorf("%d messages are 'held' for ever and nowhere; dead letters: %q; then: %+v", l.Held, dead, l2)
		}
	})
}

// What was parked in a DEALER with Batch is dead-lettered as it is when its receiver goes.
func TestParkedBatchIsDeadLettersWhole(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		var dead []string
		h.system.EventStream.Subscribe(func(x any) {
			if d, ok := x.(*actor.DeadLetterEvent); ok {
				if m, ok := d.Message.(*messages.Message); ok {
					dead = append(dead, fmt.Sprintf("%q", m.Frames))
				}
			}
		})
		r := h.rec()
		r.hold(true)
		there := h.spawn(socket.Config{Type: socket.Dealer, Bind: []string{"tcp://a:1"}, Batch: 2, Window: 2, Deliver: socket.To(r.pid), OnDead: socket.DropRest}, quick)
		here := h.spawn(socket.Config{Type: socket.Dealer, Connect: []string{"tcp://a:1"}})
		for i := range 4 {
			h.system.Root.Send(here, messages.Text(fmt.Sprint(i)))
		}
		synctest.Wait()
		l := h.counts(there)
		h.system.Root.Send(there, &socket.Detach{PID: r.pid})
		synctest.Wait()
		if l.Held != 2 || strings.Join(dead, " ") != `["2"] ["3"]` {
			t.Errorf("held %d, dead letters: %v", l.Held, dead)
		}
		r.hold(false)
	})
}

// An actor that receives under two topics has one window.
func TestWindowOfOneReceiverUnderTwoTopics(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		r := h.rec()
		pull := h.spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://a:1"}, Window: 4,
			Deliver: socket.ByTopic(map[string]*actor.PID{"a": r.pid, "b": r.pid})}, quick)
		push := h.spawn(socket.Config{Type: socket.Push, Connect: []string{"tcp://a:1"}})
		for range 100 {
			h.system.Root.Send(push, messages.Text("a"))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		r.hold(true)
		r.mu.Lock()
		r.most = 0
		r.mu.Unlock()
		for range 200 {
			h.system.Root.Send(push, messages.Text("b"))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		r.mu.Lock()
		most := r.most
		r.mu.Unlock()
		if most > 4 {
			t.Errorf("%d messages with a receiver whose window is 4; %+v", most, h.counts(pull))
		}
		r.hold(false)
	})
}

// A receiver that is detached and attached again still owes what it had.
func TestWindowSurvivesDetach(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		r := h.rec()
		r.hold(true)
		pull := h.spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://a:1"}, Window: 4, OnDead: socket.HoldBack, Deliver: socket.To(r.pid)}, quick)
		push := h.spawn(socket.Config{Type: socket.Push, Connect: []string{"tcp://a:1"}})
		for range 400 {
			h.system.Root.Send(push, messages.Text("x"))
		}
		time.Sleep(100 * time.Millisecond)
		for range 20 {
			h.system.Root.Send(pull, &socket.Detach{PID: r.pid})
			h.system.Root.Send(pull, &socket.Attach{PID: r.pid})
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		r.mu.Lock()
		most := r.most
		r.mu.Unlock()
		if most > 4 {
			t.Errorf("%d messages with a receiver whose window is 4", most)
		}
		r.hold(false)
		time.Sleep(3 * time.Second)
		synctest.Wait()
	})
}

// MuteTimeout is for the peer, not for each message.
func TestMuteTimeoutIsOfThePeer(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		c := newTrio(h, 1, socket.Config{MuteTimeout: 100 * time.Millisecond})
		h.net.Stall(c.raw[0], true)
		for range 100 {
			h.system.Root.Send(c.router, messages.Bytes(c.ids[0], []byte("x")))
		}
		time.Sleep(300 * time.Millisecond)
		synctest.Wait()
		if l := h.counts(c.router); l.Queued > 0 {
			t.Errorf("3 × MuteTimeout later: %d queued, %v came back", l.Queued, l.Discarded)
		}
		h.net.Stall(c.raw[0], false)
	})
}

// A Stop that comes while a handler panics, and a supervisor that restarts at once: nothing is opened again.
func TestNoIncarnationAfterStop(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		enter, leave := make(chan struct{}), make(chan struct{})
		r := h.rec()
		var once sync.Once
		r.panicOn = func(x any) bool {
			if _, ok := x.(*messages.Message); !ok {
				return false
			}
			p := false
			once.Do(func() { close(enter); <-leave; p = true })
			return p
		}
		var opened atomic.Int64
		atOnce := actor.WithGuardian(actor.NewOneForOneStrategy(10, time.Minute, func(any) actor.Directive { return actor.RestartDirective }))
		pull := h.spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://a:1"}, Deliver: socket.To(r.pid),
			Configure: func(*zmq.Socket) error { opened.Add(1); return nil }}, atOnce)
		push := h.spawn(socket.Config{Type: socket.Push, Connect: []string{"tcp://a:1"}})
		h.system.Root.Send(push, messages.Text("x"))
		<-enter
		h.system.Root.Stop(pull)
		close(leave)
		synctest.Wait()
		time.Sleep(time.Second)
		synctest.Wait()
		for range 5 {
			h.system.Root.Send(push, messages.Text("y"))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n := opened.Load(); n != 1 {
			t.Errorf("a socket that was told to stop was opened %d times; lost: %q", n, h.net.Lost())
		}
		<-h.stopped
	})
}
