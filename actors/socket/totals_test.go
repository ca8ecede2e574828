package socket_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// census adds up everything that there was, live or not.
func census(r *rig.Rig) (sum socket.Totals, lost uint64) {
	live, stopped := socket.Census(r.System)
	add := func(l socket.Ledger) {
		sum.Sockets++
		sum.Ledger.Accepted += l.Accepted
		sum.Ledger.Taken += l.Taken
		sum.Ledger.Received += l.Received
		sum.Ledger.Delivered += l.Delivered
		sum.Ledger.ReceivedBytes += l.ReceivedBytes
		lost += l.DeadLettered + l.Undelivered
		for _, n := range l.Discarded {
			lost += n
		}
		for _, n := range l.Dropped {
			lost += n
		}
	}
	for _, t := range stopped {
		add(t.Ledger)
		sum.Sockets += t.Sockets - 1
		sum.Restarts += t.Restarts
	}
	for s := range live {
		add(s.Ledger)
	}
	return sum, lost
}

// Sockets that stop, while their thread is at work for them, are in the totals with all that was booked, and at no
// instant missing, or there twice.
func TestCensus(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	finals := make(chan socket.Ledger, 1000)
	remove := socket.Tap(r.System, func(_ *actor.PID, event any) {
		if s, ok := event.(*socket.Stopped); ok {
			finals <- s.Ledger
		}
	})
	defer remove()
	done := make(chan bool)
	var looking sync.WaitGroup
	looking.Go(func() {
		var before socket.Totals
		for {
			now, _ := census(r)
			if now.Sockets < before.Sockets || now.Ledger.Accepted < before.Ledger.Accepted || now.Ledger.Taken < before.Ledger.Taken ||
				now.Ledger.Received < before.Ledger.Received {
				t.Errorf("%+v, and then %+v", before, now)
			}
			before = now
			select {
			case <-done:
				return
			default:
			}
		}
	})
	const pairs = 150 // more sockets than Gone remembers
	in := r.Collector()
	for n := range pairs {
		at := []string{fmt.Sprintf("inproc://census-%d", n)}
		pull := r.Root.Spawn(socket.Props(r.Thread, socket.Config{Type: socket.Pull, Bind: at, Deliver: socket.To(in.PID)}))
		push := r.Root.Spawn(socket.Props(r.Thread, socket.Config{Type: socket.Push, Connect: at}))
		r.Put(push, messages.Text("12345")) // it works
		for range 400 {
			r.Root.Send(push, messages.Text("12345"))
		}
		r.Root.Stop(push)
		r.Root.Stop(pull)
	}
	var want socket.Ledger
	for range 2 * pairs {
		l := <-finals
		want.Accepted, want.Taken = want.Accepted+l.Accepted, want.Taken+l.Taken
		want.Received, want.Delivered, want.ReceivedBytes = want.Received+l.Received, want.Delivered+l.Delivered, want.ReceivedBytes+l.ReceivedBytes
	}
	close(done)
	looking.Wait()
	sum, lost := census(r)
	got := sum.Ledger
	if sum.Sockets != 2*pairs || got.Accepted != want.Accepted || got.Taken != want.Taken || got.Received != want.Received ||
		got.Delivered != want.Delivered || got.ReceivedBytes != want.ReceivedBytes || lost != got.Accepted-got.Taken+got.Received-got.Delivered {
		t.Errorf("%d sockets, %d lost, %+v, want %+v", sum.Sockets, lost, got, want)
	}
	if want.Taken < pairs || want.Received == 0 || lost == 0 {
		t.Errorf("nothing was moved: %+v", want)
	}
	for _, s := range socket.Gone(r.System) {
		if l := s.Ledger; l.Queued+l.Held != 0 {
			t.Errorf("%+v", l)
		}
		rig.Balanced(t, s.PID.Id, s.Ledger)
	}
	_, stopped := socket.Census(r.System)
	if len(stopped) != 2 || stopped[0].Type != socket.Push && stopped[1].Type != socket.Push || stopped[0].Thread != r.Thread.PID().Id {
		t.Errorf("%+v", stopped)
	}
}

// Totals of threads that have ended are not kept for ever.
func TestCensusOfManyThreads(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{Name: "stays"})
	use := func(thread *zmqthread.Thread) {
		for _, typ := range []socket.Config{{Type: socket.Pair}, {Type: socket.Dealer}, {Type: socket.Router}, {Type: socket.Pub}, {Type: socket.Sub},
			{Type: socket.Push}, {Type: socket.Pull}, {Type: socket.Req}, {Type: socket.Rep}, {Type: socket.XPub}} {
			typ.Bind = []string{"inproc://many-" + fmt.Sprint(typ.Type)}
			r.Stop(r.Root.Spawn(socket.Props(thread, typ)))
		}
	}
	use(r.Thread)
	for n := range 30 {
		thread := r.Beside(zmqthread.Config{Name: fmt.Sprintf("goes-%d", n), Share: r.Thread})
		use(thread)
		if err := thread.Shutdown(r.Ctx); err != nil {
			t.Fatal(err)
		}
	}
	_, stopped := socket.Census(r.System)
	mine := 0
	for _, s := range stopped {
		if s.Thread == "stays" && s.Sockets == 1 {
			mine++
		}
	}
	if len(stopped) > 256 || mine != 10 {
		t.Error(len(stopped), mine)
	}
}
