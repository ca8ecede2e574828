package socket_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// Hundreds of callers share one DEALER; each gets the reply to its own question.
func TestAskManyAtOnce(t *testing.T) {
	for _, server := range []socket.Config{{Type: socket.Rep}, {Type: socket.Router}} {
		t.Run(server.Type.String(), func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			server.Bind, server.Deliver = []string{"tcp://127.0.0.1:*"}, socket.To(r.Echo())
			dealer := r.Spawn(socket.Config{Type: socket.Dealer, Connect: r.At(r.Spawn(server))})
			var callers sync.WaitGroup
			for caller := range 200 {
				callers.Go(func() {
					for i := range 10 {
						question := fmt.Sprintf("%d/%d", caller, i)
						reply, err := messages.Ask(r.Ctx, r.Root, dealer, messages.Text(question, ""))
						if err != nil || len(reply.Frames) != 2 || string(reply.Frames[0]) != question {
							t.Errorf("the reply to %s: %q, %v", question, reply.GetFrames(), err)
						}
					}
				})
			}
			callers.Wait()
			if l := r.Counts(dealer); l.Taken != 2000 || l.Delivered != 2000 {
				t.Errorf("2000 questions: %+v", l)
			}
		})
	}
}

// A Future of Proto.Actor and an actor's own request are answered as Ask is.
func TestAskFromActors(t *testing.T) {
	for _, client := range []socket.Config{{Type: socket.Req}, {Type: socket.Dealer}} {
		t.Run(client.Type.String(), func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(r.Echo())})
			client.Connect = r.At(rep)
			pid := r.Spawn(client)
			a, err := r.Root.RequestFuture(pid, messages.Text("future"), rig.Patience).Result()
			if m, ok := a.(*messages.Message); !ok || m.Text() != "future" {
				t.Errorf("%T %v, %v", a, a, err)
			}
		})
	}
	t.Run("REQ, by Request", func(t *testing.T) {
		rig.Leaks(t)
		r := rig.Start(t, zmqthread.Config{})
		rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(r.Echo())})
		me, others := r.Collector(), r.Collector()
		req := r.Spawn(socket.Config{Type: socket.Req, Connect: r.At(rep), Deliver: socket.To(others.PID)})
		for i := range 20 {
			r.Root.RequestWithCustomSender(req, messages.Text(fmt.Sprint(i)), me.PID)
		}
		r.Root.Send(req, messages.Text("nobody's"))
		for i := range 20 {
			if m := me.Message(); m.Text() != fmt.Sprint(i) {
				t.Fatalf("reply %d is %q", i, m.Text())
			}
		}
		if m := others.Message(); m.Text() != "nobody's" {
			t.Errorf("the receivers got %q", m.Text())
		}
		me.Empty()
	})
}

// An ask that was given up frees its place: the REQ's turn, the DEALER's slot. Its reply comes all
// the same; from a DEALER's peer it is counted as late, a REQ drops it itself.
func TestAskCancelled(t *testing.T) {
	for _, client := range []socket.Config{{Type: socket.Req}, {Type: socket.Dealer}} {
		t.Run(client.Type.String(), func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			got := r.Collector()
			rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID)})
			client.Connect = r.At(rep)
			pid := r.Spawn(client)
			ctx, cancel := context.WithCancel(r.Ctx)
			asked := ask(ctx, r, pid, "given up")
			_, late := rig.Take[*messages.Message](got)
			cancel()
			if err := <-asked; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			asked = ask(r.Ctx, r, pid, "wanted")
			m, mail := rig.Take[*messages.Message](got)
			if m.Text() != "wanted" {
				t.Fatal(m.Text())
			}
			late.Respond(messages.Text("late"))
			mail.Respond(messages.Text("wanted"))
			if err := <-asked; err != nil {
				t.Error(err)
			}
			if l := r.Counts(pid); client.Type == socket.Dealer && (l.Dropped["late"] != 1 || l.Delivered != 1) {
				t.Errorf("one reply was late: %+v", l)
			}
		})
	}
}

// ask asks in a goroutine; the reply must be the question.
func ask(ctx context.Context, r *rig.Rig, pid *actor.PID, question string) <-chan error {
	asked := make(chan error, 1)
	go func() {
		reply, err := messages.Ask(ctx, r.Root, pid, messages.Text(question))
		if err == nil && reply.Text() != question {
			err = fmt.Errorf("the reply to %q is %q", question, reply.Text())
		}
		asked <- err
	}()
	return asked
}

// What was cancelled before libzmq took it is never sent.
func TestAskCancelledBeforeItWasSent(t *testing.T) {
	for _, client := range []socket.Config{{Type: socket.Req}, {Type: socket.Dealer}} {
		t.Run(client.Type.String(), func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			pid := r.Spawn(client) // nobody to send to
			ctx, cancel := context.WithCancel(r.Ctx)
			asked := ask(ctx, r, pid, "given up")
			rig.Until(t, "it is queued", func() bool { return r.Counts(pid).Queued == 1 })
			cancel()
			if err := <-asked; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			asked = ask(r.Ctx, r, pid, "wanted")
			rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(r.Echo())})
			r.Do(pid, &messages.Connect{Endpoint: r.At(rep)[0]})
			if err := <-asked; err != nil {
				t.Error(err)
			}
			if l := r.Counts(pid); l.Taken != 1 || l.Discarded["cancelled"] != 1 {
				t.Errorf("one of two was cancelled: %+v", l)
			}
			if l := r.Counts(rep); l.Received != 1 {
				t.Errorf("one of two was cancelled: %+v", l)
			}
		})
	}
}

// A request that gets no reply is given up after ReplyTimeout; the next has its turn.
func TestAskReplyTimeout(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	got := r.Collector()
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID)})
	req := r.Spawn(socket.Config{Type: socket.Req, Connect: r.At(rep), ReplyTimeout: 50 * time.Millisecond})
	_, err := messages.Ask(r.Ctx, r.Root, req, messages.Text("nobody answers this"))
	if !errors.Is(err, messages.ErrTimedOut) {
		t.Fatal(err)
	}
	_, late := rig.Take[*messages.Message](got)
	asked := ask(r.Ctx, r, req, "wanted")
	m, mail := rig.Take[*messages.Message](got)
	late.Respond(messages.Text("late"))
	mail.Respond(m)
	if err := <-asked; err != nil && !errors.Is(err, messages.ErrTimedOut) { // a slow machine
		t.Error(err)
	}
}

// mute is a PUSH with an outbox of two messages and nobody to send to.
func mute(r *rig.Rig, overflow socket.Overflow) *actor.PID {
	return r.Spawn(socket.Config{Type: socket.Push, Outbox: socket.Limit{Messages: 2}, Overflow: overflow})
}

func queued(r *rig.Rig, pid *actor.PID, n uint64) {
	r.T.Helper()
	rig.Until(r.T, fmt.Sprintf("%d messages are queued", n), func() bool { return r.Counts(pid).Queued == n })
}

// Put waits for libzmq to take the message, behind others that wait, first come first served.
func TestPutWaits(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	push := mute(r, socket.Reject)
	const puts = 20
	done := make(chan error, puts)
	for i := range puts {
		go func() { done <- messages.Put(r.Ctx, r.Root, push, messages.Text(fmt.Sprint(i))) }()
		rig.Until(t, "the put has come in", func() bool { return waiting(r, push) == i+1 })
	}
	select {
	case err := <-done:
		t.Fatalf("a put on a mute socket returned: %v", err)
	default:
	}
	if l := r.Counts(push); l.Queued != 2 || l.Accepted != 2 || l.Taken != 0 {
		t.Errorf("the outbox holds two: %+v", l)
	}
	got := r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID)})
	r.Do(push, &messages.Connect{Endpoint: r.At(pull)[0]})
	for range puts {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for i, m := range got.Messages(puts) {
		if m.Text() != fmt.Sprint(i) {
			t.Errorf("message %d is %q", i, m.Text())
		}
	}
}

// waiting is how many messages are in the outbox of pid or wait for room in it.
func waiting(r *rig.Rig, pid *actor.PID) int {
	n, _ := socket.Outbox(r.System, pid)
	return n
}

// A put that is cancelled while it waits for room is forgotten; one that was accepted is sent.
func TestPutCancelled(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	push := mute(r, socket.Reject)
	ctx, cancel := context.WithCancel(r.Ctx)
	done := make(chan error, 3)
	for i := range 3 { // the third waits for room
		go func() { done <- messages.Put(ctx, r.Root, push, messages.Text(fmt.Sprint(i))) }()
		rig.Until(t, "the put has come in", func() bool { return waiting(r, push) == i+1 })
	}
	cancel()
	for range 3 {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if n := waiting(r, push); n != 2 {
		t.Errorf("%d messages are in or before the outbox", n)
	}
	got := r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID)})
	r.Do(push, &messages.Connect{Endpoint: r.At(pull)[0]})
	r.Put(push, messages.Text("last"))
	for i, want := range []string{"0", "1", "last"} {
		if m := got.Message(); m.Text() != want {
			t.Errorf("message %d is %q, not %q", i, m.Text(), want)
		}
	}
	got.Empty()
}

// A batch is put as a whole.
func TestPutBatch(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	got := r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://batch"}, Deliver: socket.To(got.PID)})
	r.At(pull)
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{"inproc://batch"}, Outbox: socket.Limit{Messages: 2}})
	batch := messages.NewBatch()
	for i := range 5000 { // more than the outbox holds: it goes when that is empty
		batch.Append(fmt.Append(nil, i), nil)
	}
	r.Put(push, batch)
	r.Put(push, messages.Text("last", ""))
	for i, m := range got.Messages(5001) {
		if want := fmt.Sprint(i); i < 5000 && string(m.Frames[0]) != want || len(m.Frames) != 2 {
			t.Fatalf("message %d is %q", i, m.Frames)
		}
	}
}

// A full outbox rejects what is sent to it, or drops it, or what has waited longest.
func TestOverflow(t *testing.T) {
	for _, c := range []struct {
		overflow socket.Overflow
		left     []string
		rejected int
	}{
		{socket.Reject, []string{"0", "1"}, 3},
		{socket.DropNewest, []string{"0", "1"}, 0},
		{socket.DropOldest, []string{"3", "4"}, 0},
	} {
		t.Run(fmt.Sprint(c.overflow), func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			push := mute(r, c.overflow)
			me, got := r.Collector(), r.Collector()
			for i := range 5 {
				r.Root.RequestWithCustomSender(push, messages.Text(fmt.Sprint(i)), me.PID)
			}
			for i := range c.rejected {
				rejected := me.Rejected()
				if !errors.Is(rejected, messages.ErrFull) || rejected.Message.Text() != fmt.Sprint(i+2) {
					t.Errorf("%v: %v", rejected, rejected.Message)
				}
			}
			rig.Until(t, "the outbox is within its bounds", func() bool { // the thread may be looking at it
				l := r.Counts(push)
				return l.Queued == 2 && l.Rejected == uint64(c.rejected) && l.Discarded["overflow"] == uint64(3-c.rejected)
			})
			pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID)})
			r.Do(push, &messages.Connect{Endpoint: r.At(pull)[0]})
			for _, want := range c.left {
				if m := got.Message(); m.Text() != want {
					t.Errorf("%q is left, not %q", m.Text(), want)
				}
			}
			got.Empty()
			me.Empty()
		})
	}
}

// A put that DropOldest has pushed out is told so. What the thread offers to libzmq at that moment stays, so
// it may take more than one message to push it out.
func TestPutDropped(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	push := mute(r, socket.DropOldest)
	defer r.Stop(push)
	done := make(chan error, 1)
	go func() { done <- messages.Put(r.Ctx, r.Root, push, messages.Text("put")) }()
	queued(r, push, 1)
	r.Root.Send(push, messages.Text("1"))
	var err error
	rig.Until(t, "the put to be pushed out", func() bool {
		r.Root.Send(push, messages.Text("2"))
		select {
		case err = <-done:
			return true
		default:
			return false
		}
	})
	if !errors.Is(err, messages.ErrDropped) {
		t.Error(err)
	}
}

// An actor may have several offers under way; each is answered.
func TestOffersOfOneActor(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	push := mute(r, socket.Reject)
	me, got := r.Collector(), r.Collector()
	const offers = 5
	for i := range offers {
		r.Root.RequestWithCustomSender(push, &messages.Offer{Message: messages.Text(fmt.Sprint(i))}, me.PID)
	}
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(got.PID)})
	r.Do(push, &messages.Connect{Endpoint: r.At(pull)[0]})
	for range offers {
		got.Message()
		rig.Take[*messages.Taken](me)
	}
}

// An answer is as large as what of it is sent, whatever envelope it came with.
func TestOutboxBytes(t *testing.T) {
	for _, server := range []socket.Config{{Type: socket.Rep}, {Type: socket.Router}} {
		t.Run(server.Type.String(), func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			got := r.Collector()
			server.Bind, server.Deliver = []string{"tcp://127.0.0.1:*"}, socket.To(got.PID)
			rep := r.Spawn(server)
			dealer := r.Spawn(socket.Config{Type: socket.Dealer, Connect: r.At(rep)})
			asked := ask(r.Ctx, r, dealer, "question")
			_, mail := rig.Take[*messages.Message](got)
			mail.Respond(&messages.Message{Frames: [][]byte{[]byte("elsewhere"), []byte("question")}, Envelope: 1})
			if err := <-asked; err != nil {
				t.Fatal(err)
			}
			if l := r.Counts(rep); l.Queued != 0 {
				t.Errorf("%+v", l)
			}
			if _, bytes := socket.Outbox(r.System, rep); bytes != 0 {
				t.Errorf("an empty outbox has %d bytes", bytes)
			}
		})
	}
}
