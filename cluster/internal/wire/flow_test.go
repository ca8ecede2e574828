package wire

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// cut ends all connections that peers have made to s.
func (s *side) cut() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), rig.Patience)
	defer cancel()
	if _, err := s.wire.thread.Cut(ctx, zmqthread.Cut{Owner: s.wire.pull}); err != nil {
		s.t.Error(err)
	}
}

var million = flag.Bool("million", false, "a million messages each way instead of 100,000")

// A million messages each way (-million), at the same time, between two processes: none is lost, none is out of order.
func TestMillionEachWay(t *testing.T) {
	total := 100_000
	if *million {
		total = 1_000_000
	}
	a := start(t, Config{Queue: socket.Limit{Messages: 1 << 21, Bytes: 1 << 30}})
	a.spawn("counter", counter())
	f := process(t, "", calm)
	begun := time.Now()
	a.ask(f.pid("hire"), fmt.Sprintf("flood %d %s counter", total, a.wire.Address()))
	for i := range total {
		a.root.Send(f.pid("counter"), messages.Text(fmt.Sprint(i)))
	}
	want := fmt.Sprint(total, " 0")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, pid := range []*actor.PID{f.pid("counter"), a.pid("counter")} {
		got, err := messages.Ask(ctx, a.root, pid, messages.Text(fmt.Sprint("? ", total)))
		if err != nil || got.Text() != want {
			t.Fatalf("%v has %v, want %s: %v %+v", pid, got, want, err, a.counts(f.address))
		}
	}
	t.Logf("%.0f messages a second, both ways together", float64(2*total)/time.Since(begun).Seconds())
}

// What finds the queue full is a dead letter with that reason, at once, and whoever waits is told; what was
// accepted arrives when the receiver goes on.
func TestQueueFull(t *testing.T) {
	const queue, window = 50, 20
	a := start(t, Config{Queue: socket.Limit{Messages: queue}})
	b := start(t, Config{Window: socket.Limit{Messages: window}})
	release := make(chan struct{})
	got := 0
	// A process that does not return holds up what comes from this peer, and nothing else.
	target, _ := b.system.ProcessRegistry.Add(slow{release, &got}, "slow")
	defer b.system.ProcessRegistry.Remove(target)
	b.spawn("echo", echo)
	a.ask(b.pid("echo"), "there")
	rig.Until(t, "the books to be closed", func() bool { return a.counts(b.wire.Address()).InFlight == 0 })
	accepted := a.counts(b.wire.Address()).Accepted
	const sent = 500
	for i := range sent {
		a.root.Send(b.pid("slow"), messages.Text(fmt.Sprint(i)))
	}
	rig.Until(t, "the window to be full", func() bool { c := a.counts(b.wire.Address()); return c.InFlight > 0 && c.Queued == queue })
	c := a.counts(b.wire.Address())
	if n := uint64(a.undelivered(Full)); n != c.Refused[Full] || n+c.Accepted-accepted != sent || c.InFlight > window+frameMessages {
		t.Errorf("%d undelivered: %+v", n, c)
	}
	begun := time.Now()
	_, err := messages.Ask(t.Context(), a.root, b.pid("echo"), messages.Text("?"))
	if u := new(UndeliveredError); !errors.As(err, &u) || u.Reason != Full || !errors.Is(err, messages.ErrFull) || time.Since(begun) > time.Second {
		t.Error(err, time.Since(begun))
	}
	if _, err := a.root.RequestFuture(b.pid("echo"), messages.Text("?"), time.Minute).Result(); !errors.Is(err, actor.ErrDeadLetter) {
		t.Error(err)
	}
	close(release)
	if got := a.waitEcho(b); got != "echo well" {
		t.Error(got)
	}
	if want := int(a.counts(b.wire.Address()).Accepted-accepted) - 1; got != want {
		t.Errorf("%d of %d arrived", got, want)
	}
}

// waitEcho asks until there is room for the question.
func (s *side) waitEcho(b *side) (answer string) {
	rig.Until(s.t, "room in the queue", func() bool { return s.counts(b.wire.Address()).Queued < 40 })
	return s.ask(b.pid("echo"), "well")
}

type slow struct {
	release chan struct{}
	got     *int
}

func (s slow) SendUserMessage(*actor.PID, any) { <-s.release; *s.got++ }
func (slow) SendSystemMessage(*actor.PID, any) {}
func (slow) Stop(*actor.PID)                   {}

// A message larger than the peer takes is refused by the sender, also if it was queued before the peer was
// known; the largest possible one arrives.
func TestTooLarge(t *testing.T) {
	a, b := start(t, Config{MaxMessage: 8 << 20}), start(t, Config{MaxMessage: 1 << 20})
	b.spawn("echo", func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			c.Respond(messages.Text(fmt.Sprint(m.Size())))
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), rig.Patience)
	defer cancel()
	large := messages.Bytes(make([]byte, 2<<20))
	for range 2 { // unknown, then known
		_, err := messages.Ask(ctx, a.root, b.pid("echo"), large)
		if u := new(UndeliveredError); !errors.As(err, &u) || u.Reason != TooLarge && u.Reason != Dead || !errors.Is(err, messages.ErrTooLarge) {
			t.Error(err)
		}
	}
	got, err := messages.Ask(ctx, a.root, b.pid("echo"), messages.Bytes(make([]byte, 1<<20-100)))
	if err != nil || got.Text() != fmt.Sprint(1<<20-100) {
		t.Error(got, err)
	}
	if c := b.wire.Counts(); len(c.Strangers) > 0 {
		t.Error(c.Strangers)
	}
}

// A receiver of a socket here may be on another system: its window is never exceeded, and everything arrives.
func TestWindowOfRemoteReceiver(t *testing.T) {
	for name, batch := range map[string]int{"messages": 0, "batches": 3} {
		t.Run(name, func(t *testing.T) {
			const window, total = 10, 300
			r := rig.Start(t, zmqthread.Config{})
			a, f := startOn(t, r.System, Config{}), process(t, "", calm)
			worker := f.pid(a.ask(f.pid("hire"), "worker"))
			manager := f.pid(worker.Id + "-manager")
			tight := socket.Options{SendHWM: 1, RecvHWM: 1}
			pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://far"}, Deliver: socket.To(worker),
				Window: window, Batch: batch, Options: tight})
			push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull), Options: tight})
			for i := range total {
				r.Root.Send(push, messages.Text(fmt.Sprint(i)))
			}
			rig.Until(t, "the window to be full", func() bool { return r.Counts(pull).Delivered == window })
			if l := r.Counts(push); l.Queued == 0 {
				t.Errorf("the sender does not feel it: %+v", l)
			}
			a.ask(manager, "permit")
			var most, got, wrong int
			rig.Until(t, "everything to be processed", func() bool {
				fmt.Sscan(a.ask(manager, "and now?"), &most, &got, &wrong)
				return got == total
			})
			if most > window || wrong > 0 {
				t.Errorf("%d messages at once in a window of %d, %d out of order", most, window, wrong)
			}
		})
	}
}

// When the system of a socket's receiver dies, the socket learns of it and stops, as with any receiver.
func TestRemoteReceiverDies(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	a, f := startOn(t, r.System, Config{Heartbeat: testBeat}), process(t, "", testBeat)
	worker := f.pid(a.ask(f.pid("hire"), "worker"))
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://far"}, Deliver: socket.To(worker)})
	r.At(pull)
	f.Kill()
	rig.Until(t, "the socket to stop", func() bool { return errors.Is(socket.Reason(r.Ctx, r.Root, pull), socket.ErrReceiverGone) })
}

// A socket on another system takes Ask and Put, and its typed refusals arrive.
func TestRemoteSocket(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	a, f := startOn(t, r.System, Config{}), process(t, "", calm)
	hire := func(kind string) (*actor.PID, string) {
		id, at, _ := strings.Cut(a.ask(f.pid("hire"), kind), " ")
		return f.pid(id), at
	}
	// Its peers are there: Put waits for ZeroMQ, over the wire.
	push, at := hire("pull")
	in := r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Connect: []string{at}, Deliver: socket.To(in.PID)})
	for i := range 50 {
		r.Put(push, messages.Text(fmt.Sprint(i)))
	}
	r.Put(push, messages.Pack(messages.Text("50"), messages.Text("51")))
	for i := range 52 {
		if m := in.Message(); m.Text() != fmt.Sprint(i) {
			t.Error(m.Text(), i)
		}
	}
	// Typed errors: of Ask, of commands.
	if _, err := messages.Ask(r.Ctx, r.Root, push, messages.Text("?")); !errors.Is(err, messages.ErrUnsupported) {
		t.Error(err)
	}
	refused := new(messages.Refused)
	if _, err := messages.Call(r.Ctx, r.Root, push, &messages.Bind{Endpoint: "tcp://nonsense"}); !errors.As(err, &refused) || refused.Command != "bind" {
		t.Error(err)
	}
	// They have gone: Put waits, and is forgotten when it does no longer; the outbox fills, and says so.
	r.Stop(pull)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	for ctx.Err() == nil {
		if err := messages.Put(ctx, r.Root, push, messages.Text("x")); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	}
	senders := a.box()
	for range 50 {
		r.Root.RequestWithCustomSender(push, messages.Text("y"), senders.PID)
	}
	if m := next[*messages.Rejected](t, senders); m.Reason != messages.Reason_FULL || m.Message.Text() != "y" || !errors.Is(m, messages.ErrFull) {
		t.Error(m)
	}
	// And of a socket that has stopped.
	rep, at := hire("rep")
	req := r.Spawn(socket.Config{Type: socket.Req, Connect: []string{at}})
	if reply := r.Ask(req, messages.Text("hi")); reply.Text() != "echo hi" {
		t.Error(reply)
	}
	r.Root.Stop(rep)
	rig.Until(t, "the socket to have stopped", func() bool {
		_, err := messages.Call(r.Ctx, r.Root, rep, &messages.Bind{Endpoint: "tcp://127.0.0.1:*"})
		return errors.Is(err, messages.ErrStopped)
	})
}
