package socket_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// trap is the mailbox of a receiver that holds up who delivers to it, and then panics.
type trap struct {
	actor.Mailbox
	entered, open chan struct{}
}

func (g *trap) PostUserMessage(x any) {
	switch actor.UnwrapEnvelopeMessage(x).(type) {
	case *messages.Message, *messages.Batch:
		close(g.entered)
		<-g.open
		panic("caught")
	}
	g.Mailbox.PostUserMessage(x)
}

var stops = actor.NewOneForOneStrategy(0, time.Second, func(any) actor.Directive { return actor.StopDirective })

// numbered is a message of 1 MiB and a frame in front of it.
func numbered(i byte) *messages.Message {
	return messages.Bytes([]byte{i}, bytes.Repeat([]byte{i, 'x', i}, 1<<20/3))
}

// Large messages that were received and not handed over when a socket stops are dead letters, whole;
// until then nobody has copied them, and then nothing of them is left in ZeroMQ's memory.
func TestStopReturnsLargeMessages(t *testing.T) {
	for name, batch := range map[string]int{"messages": 0, "batches": 8} {
		t.Run(name, func(t *testing.T) {
			rig.Leaks(t)
			r := rig.Start(t, zmqthread.Config{})
			g := &trap{actor.Unbounded()(), make(chan struct{}), make(chan struct{})}
			slow := r.Root.Spawn(actor.PropsFromFunc(func(actor.Context) {}, actor.WithMailbox(func() actor.Mailbox { return g })))
			defer r.Root.Stop(slow)
			pull := r.SpawnSupervised(stops, socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(slow), Batch: batch})
			ledger := socket.Books(r.System, pull)
			push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull)})
			const count = 6
			for i := range byte(count) {
				r.Put(push, numbered(i))
			}
			<-g.entered
			rig.Until(t, "all are there", func() bool { return ledger().Received == count })
			if _, received := zmqthread.Borrowed(); received != count-1 {
				t.Errorf("%d messages wait without having been copied, want %d", received, count-1)
			}
			close(g.open)
			r.Stop(pull)
			if l := ledger(); l.Undelivered != count-1 || l.Held != 0 {
				t.Errorf("%+v", l)
			}
			dead := r.Dead.To(pull)
			if len(dead) != count-1 {
				t.Fatal(len(dead), "dead letters")
			}
			for i, m := range dead {
				want := numbered(byte(i + 1)).Frames
				if f := m.(*messages.Message).Frames; len(f) != 2 || !bytes.Equal(f[0], want[0]) || !bytes.Equal(f[1], want[1]) {
					t.Errorf("dead letter %d is another message", i+1)
				}
			}
			if _, received := zmqthread.Borrowed(); received != 0 {
				t.Errorf("%d messages are left in ZeroMQ's memory", received)
			}
		})
	}
}

// What ZeroMQ could not send when the thread is shut down is not pinned any more.
func TestShutdownUnpins(t *testing.T) {
	rig.Leaks(t)
	r := rig.Start(t, zmqthread.Config{})
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{r.Endpoint("ipc")}, Options: socket.Options{Linger: time.Millisecond}})
	for i := range byte(5) {
		r.Put(push, numbered(i))
	}
	if sending, _ := zmqthread.Borrowed(); sending != 5 {
		t.Errorf("%d frames are pinned, want 5", sending)
	}
	r.Shutdown()
	if sending, _ := zmqthread.Borrowed(); sending != 0 {
		t.Errorf("%d frames are pinned after Shutdown", sending)
	}
}

// Several receivers, replies, topics, and receivers of batches get large messages as they get small ones.
func TestLargeMessagesByReceiver(t *testing.T) {
	want := numbered('7')
	check := func(t *testing.T, ms []*messages.Message) {
		for _, m := range ms {
			if f := m.Frames; len(f) != 2 || !bytes.Equal(f[0], want.Frames[0]) || !bytes.Equal(f[1], want.Frames[1]) {
				t.Error("it arrived as another message")
			}
		}
	}
	for name, deliver := range map[string]func(a, b *actor.PID) socket.Receivers{
		"all":   func(a, b *actor.PID) socket.Receivers { return socket.To(a, b) },
		"robin": func(a, b *actor.PID) socket.Receivers { return socket.RoundRobin(a, b) },
		"topic": func(a, b *actor.PID) socket.Receivers {
			return socket.ByTopic(map[string]*actor.PID{"7": a, "8": b})
		},
	} {
		for _, batch := range []int{0, 4} {
			t.Run(name, func(t *testing.T) {
				rig.Leaks(t)
				r := rig.Start(t, zmqthread.Config{})
				a, b := r.Collector(), r.Collector()
				pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{r.Endpoint("inproc")}, Deliver: deliver(a.PID, b.PID), Batch: batch})
				push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull)})
				r.Put(push, want)
				r.Put(push, want)
				n := map[string][2]int{"all": {2, 2}, "robin": {1, 1}, "topic": {2, 0}}[name]
				check(t, append(a.Messages(n[0]), b.Messages(n[1])...))
			})
		}
	}
}
