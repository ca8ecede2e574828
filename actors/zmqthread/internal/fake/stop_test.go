package fake_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/actors/zmqthread/internal/fake"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// promised is how long anybody who waits for a socket may be left waiting when it stops.
const promised = 100 * time.Millisecond

// house is a system with a thread on a fake net, in a bubble.
type house struct {
	t       *testing.T
	net     *fake.Net
	system  *actor.ActorSystem
	thread  *zmqthread.Thread
	stopped chan *socket.Stopped
	events  *actor.PID
	dead    int // of messages; read when nothing is under way
}

func inHouse(t *testing.T, luck fake.Luck, test func(*house)) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{t: t, net: fake.New(1, luck), system: rig.System(t), stopped: make(chan *socket.Stopped, 10)}
		var err error
		if h.thread, err = zmqthread.Start(h.system, zmqthread.Config{Native: h.net}); err != nil {
			t.Fatal(err)
		}
		h.system.EventStream.Subscribe(func(x any) {
			if d, ok := x.(*actor.DeadLetterEvent); ok {
				if _, ok := d.Message.(*messages.Message); ok {
					h.dead++
				}
			}
		})
		h.events = h.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
			if m, ok := c.Message().(*socket.Stopped); ok {
				h.stopped <- m
			}
		}))
		test(h)
		if err := h.thread.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		h.system.Root.Stop(h.events)
		time.Sleep(time.Second)
		synctest.Wait()
	})
}

func (h *house) spawn(cfg socket.Config, opts ...actor.PropsOption) *actor.PID {
	cfg.Events, cfg.NoMonitor = h.events, true
	pid := h.system.Root.Spawn(socket.Props(h.thread, cfg, opts...))
	synctest.Wait()
	return pid
}

// waiter is a call that somebody waits for.
type waiter struct {
	err  error
	took time.Duration // since the stop
	over bool
}

// wait starts one call after the other and lets each find its place.
func (h *house) wait(stopped *time.Time, calls ...func(context.Context) error) []*waiter {
	var all []*waiter
	for _, call := range calls {
		w := &waiter{}
		all = append(all, w)
		go func() {
			w.err = call(context.Background())
			if w.over = true; !stopped.IsZero() {
				w.took = time.Since(*stopped)
			}
		}()
		synctest.Wait()
	}
	return all
}

func (h *house) put(pid *actor.PID) func(context.Context) error {
	return func(ctx context.Context) error { return messages.Put(ctx, h.system.Root, pid, messages.Text("put")) }
}

func (h *house) ask(pid *actor.PID) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := messages.Ask(ctx, h.system.Root, pid, messages.Text("ask"))
		return err
	}
}

func (h *house) peers(pid *actor.PID) func(context.Context) error {
	return func(ctx context.Context) error { return socket.WaitPeers(ctx, h.system.Root, pid, 1) }
}

// Whoever waits for a socket that is poisoned is answered soon: not when the linger is over. What
// was Put is still sent if there is time, and what was not sent is reported.
func TestPoisonKeepsNobodyWaiting(t *testing.T) {
	for name, graceful := range map[string]bool{"Poison": true, "Stop": false} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, fake.Luck{}, func(h *house) {
				dealer := h.spawn(socket.Config{Type: socket.Dealer, Connect: []string{"tcp://nowhere:1"},
					Outbox: socket.Limit{Messages: 3}, Options: socket.Options{Linger: 10 * time.Second}})
				h.system.Root.Send(dealer, messages.Text("sent"))
				var stopped time.Time
				all := h.wait(&stopped, h.put(dealer), h.ask(dealer), h.put(dealer), h.ask(dealer), h.peers(dealer))
				stopped = time.Now()
				if graceful {
					h.system.Root.Poison(dealer)
				} else {
					h.system.Root.Stop(dealer)
				}
				time.Sleep(promised)
				synctest.Wait()
				for i, w := range all {
					if !w.over || w.took > promised || !errors.Is(w.err, messages.ErrStopped) {
						t.Errorf("waiter %d: %+v", i, *w)
					}
				}
				if flushing := errors.Is(all[0].err, messages.ErrFlushing); flushing != graceful {
					t.Errorf("what was put is still sent: %t; %v", graceful, all[0].err)
				}
				end := <-h.stopped
				if took := time.Since(stopped); graceful && took < 9*time.Second || took > 11*time.Second {
					t.Errorf("it stopped after %v", took)
				}
				h.verify(end, dealer, graceful)
			})
		})
	}
}

// verify: two messages and a request were accepted; the request was withdrawn by the Poison.
func (h *house) verify(end *socket.Stopped, pid *actor.PID, graceful bool) {
	h.t.Helper()
	synctest.Wait()
	var unsent *socket.UnsentError
	left := 2 // the Put whose caller was answered already, and what was just sent
	switch {
	case !graceful:
		left = 1 // the others were told
		if end.Ledger.DeadLettered != 3 || end.Reason != nil {
			h.t.Errorf("%v", end)
		}
	case !errors.As(end.Reason, &unsent) || unsent.Messages+int(end.Ledger.Discarded["cancelled"]) != 3:
		h.t.Errorf("%v", end)
	case !errors.As(socket.Reason(context.Background(), h.system.Root, pid), &unsent):
		h.t.Error("the reason is not kept")
	}
	if h.dead < left {
		h.t.Errorf("%d dead letters of %d", h.dead, left)
	}
	if what := rig.Unbalanced(end.Ledger); what != "" {
		h.t.Error(what)
	}
}

// What was Put before the Poison goes out when the peer comes in time.
func TestPoisonStillFlushes(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		push := h.spawn(socket.Config{Type: socket.Push, Connect: []string{"tcp://later:1"}, Options: socket.Options{Linger: 10 * time.Second}})
		var stopped time.Time
		all := h.wait(&stopped, h.put(push))
		h.system.Root.Poison(push)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if !errors.Is(all[0].err, messages.ErrFlushing) {
			t.Error(all[0].err)
		}
		got := 0
		to := h.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
			if _, ok := c.Message().(*messages.Message); ok {
				got++
			}
		}))
		h.spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://later:1"}, Deliver: socket.To(to)})
		if end := <-h.stopped; end.Reason != nil || end.Ledger.Taken != 1 || got != 1 {
			t.Errorf("%v, %d received", end, got)
		}
	})
}

// A suspended socket, whose supervisor takes its time, answers nevertheless: with its ledger at
// once, and those who wait when it is told to stop.
func TestSuspendedSocketAnswers(t *testing.T) {
	for name, graceful := range map[string]bool{"Poison": true, "Stop": false} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, fake.Luck{InUse: 1}, func(h *house) {
				slowly := actor.WithGuardian(&supervision.Backoff{Min: 10_000 * time.Hour, Max: 10_000 * time.Hour, Retries: 10})
				push := h.spawn(socket.Config{Type: socket.Push, Bind: []string{"tcp://taken:1"}, Outbox: socket.Limit{Messages: 1}}, slowly)
				time.Sleep(time.Second) // it has failed by now
				var stopped time.Time
				all := h.wait(&stopped, h.put(push), h.put(push), h.peers(push))
				asked := time.Now()
				l, err := socket.Counts(context.Background(), h.system.Root, push)
				if err != nil || l.Queued != 1 || time.Since(asked) > 0 {
					t.Errorf("%+v %v", l, err)
				}
				stopped = time.Now()
				if graceful {
					h.system.Root.Poison(push)
				} else {
					h.system.Root.Stop(push)
				}
				time.Sleep(promised)
				synctest.Wait()
				for i, w := range all {
					if !w.over || w.took > promised || !errors.Is(w.err, messages.ErrStopped) {
						t.Errorf("waiter %d: %+v", i, *w)
					}
				}
				<-h.stopped
				if time.Since(stopped) > 2*time.Second {
					t.Error("it stopped after", time.Since(stopped))
				}
			})
		})
	}
}

// A splice whose socket is poisoned blocks no writer for longer than that.
func TestSpliceKeepsNobodyWaiting(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		send := make(chan *messages.Message)
		pid, err := actors.Splice(h.system, h.thread, socket.Config{Type: socket.Push, Connect: []string{"tcp://nowhere:1"}, NoMonitor: true,
			Outbox: socket.Limit{Messages: 1}, Options: socket.Options{Linger: 10 * time.Second}}, send, nil)
		if err != nil {
			t.Fatal(err)
		}
		var stopped time.Time
		write := func(context.Context) error { send <- messages.Text("x"); return nil }
		all := h.wait(&stopped, write, write, write, write)
		stopped = time.Now()
		h.system.Root.Poison(pid)
		time.Sleep(promised)
		synctest.Wait()
		for i, w := range all {
			if !w.over || w.took > promised {
				t.Errorf("writer %d: %+v", i, *w)
			}
		}
		close(send)
		time.Sleep(11 * time.Second)
	})
}

// A socket whose actor has failed is not served; what arrives for it meanwhile must not keep the
// thread awake. In the bubble that would stop the time.
func TestFailedSocketLetsTheThreadSleep(t *testing.T) {
	inHouse(t, fake.Luck{}, func(h *house) {
		var raw *zmq.Socket
		slowly := actor.WithGuardian(&supervision.Backoff{Min: 10_000 * time.Hour, Max: 10_000 * time.Hour, Retries: 10})
		pull := h.spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://here:1"},
			Configure: func(z *zmq.Socket) error { raw = z; return nil }}, slowly)
		push := h.spawn(socket.Config{Type: socket.Push, Connect: []string{"tcp://here:1"}})
		h.net.Panic(raw)
		h.system.Root.Send(push, messages.Text("upsets it"))
		synctest.Wait()
		h.system.Root.Send(push, messages.Text("arrives"))
		synctest.Wait()
		time.Sleep(time.Minute)
		if l, err := socket.Counts(context.Background(), h.system.Root, push); err != nil || l.Taken != 2 {
			t.Errorf("%+v %v", l, err)
		}
		h.net.Break(raw, syscall.ENOBUFS)
		time.Sleep(30_000 * time.Hour)
		if at, err := socket.Endpoints(context.Background(), h.system.Root, pull); err != nil || len(at) != 1 {
			t.Error(at, err)
		}
	})
}
