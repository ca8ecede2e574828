package socket_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// ring is PULL and PUSH sockets, each passing on to the next, with room for one message wherever
// there can be room: windows, outboxes, high-water marks.
type ring struct {
	*rig.Rig
	pulls, pushes []*actor.PID
	entrance      *actor.PID // a PUSH to the first
	counter       *actor.PID // the receiver of the first
	finished      *rig.Collector
}

const ringSockets, laps = 64, 3

func newRing(t *testing.T) *ring {
	r := &ring{Rig: rig.Start(t, zmqthread.Config{})}
	tight := socket.Options{SendHWM: 1, RecvHWM: 1}
	one := socket.Limit{Messages: 1}
	n := ringSockets / 2
	name := func(i int) []string { return []string{fmt.Sprintf("inproc://ring-%d", i%n)} }
	for i := range n {
		r.pushes = append(r.pushes, r.Spawn(socket.Config{Type: socket.Push, Connect: name(i + 1), Outbox: one, Options: tight}))
	}
	r.finished = r.Collector()
	for i := range n {
		to := r.pushes[i] // a socket may well be the receiver of another
		switch {
		case i == 0:
			to = r.lapCounter(to)
			r.counter = to
		case i%2 == 0:
			to = r.putter(to)
		}
		r.pulls = append(r.pulls, r.Spawn(socket.Config{Type: socket.Pull, Bind: name(i), Deliver: socket.To(to), Window: 1, Options: tight}))
	}
	r.entrance = r.Spawn(socket.Config{Type: socket.Push, Connect: name(0), Outbox: one, Options: tight})
	return r
}

// putter passes on as an actor may that has nothing else to do: it waits until ZeroMQ has taken it.
func (r *ring) putter(push *actor.PID) *actor.PID {
	return r.Actor(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			r.pass(c, push, m)
		}
	})
}

func (r *ring) pass(c actor.Context, push *actor.PID, m *messages.Message) {
	if err := messages.Put(r.Ctx, c, push, m); err != nil {
		r.T.Error(err)
	}
}

// lapCounter takes a message out that has gone round often enough.
func (r *ring) lapCounter(push *actor.PID) *actor.PID {
	return r.Actor(func(c actor.Context) {
		m, ok := c.Message().(*messages.Message)
		if !ok {
			return
		}
		lap, _ := strconv.Atoi(string(m.Frames[1]))
		if lap == laps {
			c.Send(r.finished.PID, m)
			return
		}
		r.pass(c, push, messages.Bytes(m.Frames[0], strconv.AppendInt(nil, int64(lap+1), 10)))
	})
}

// Sixty-four sockets in a ring, every window 1: what is in it goes round, and nothing waits for itself.
func TestRing(t *testing.T) {
	r := newRing(t)
	for i := range ringSockets {
		r.Put(r.entrance, messages.Text(fmt.Sprint(i), "0"))
	}
	seen := map[string]bool{}
	for _, m := range r.finished.Messages(ringSockets) {
		seen[string(m.Frames[0])] = true
	}
	if len(seen) != ringSockets {
		t.Errorf("%d different messages of %d came round", len(seen), ringSockets)
	}
}

// A ring that its user has filled to the brim cannot move. The thread can: everybody answers, and
// once there is a way out all of it flows there.
func TestRingFilledToTheBrim(t *testing.T) {
	r := newRing(t)
	first := r.pulls[0]
	// A pipe holds two, a window one; at the entrance there is no window but an outbox.
	sent, room := 0, len(r.pulls)*3+3
	rig.Until(t, "the ring to be full", func() bool {
		if r.Counts(r.entrance).Queued == 0 {
			r.Root.Send(r.entrance, messages.Text(fmt.Sprint(sent), "-1000000")) // it never goes round often enough
			sent++
		}
		return sent == room
	})
	for _, pid := range append(r.pushes, r.pulls...) {
		r.Do(pid, &socket.SetOptions{Options: socket.Options{Linger: time.Second}}) // which the thread does
		r.Counts(pid)
	}
	out := r.Collector()
	r.Do(first, &socket.Detach{PID: r.counter})
	r.Do(first, &socket.Attach{PID: out.PID})
	seen := map[string]bool{}
	for _, m := range out.Messages(sent) {
		seen[string(m.Frames[0])] = true
	}
	if len(seen) != sent {
		t.Errorf("%d different messages of %d came out", len(seen), sent)
	}
}
