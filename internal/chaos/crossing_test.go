package chaos

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

var (
	cross   = flag.Int("cross", 60_000, "messages that cross")
	crashes = flag.Int("crashes", 100, "crashes meanwhile, at least")
	seed    = flag.Uint64("seed", 0, "of what happens; 0: of the clock")
)

func luck(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", s)
	return rand.New(rand.NewPCG(s, 1))
}

// crossing is many multipart messages on their way over tcp from a PUSH to a PULL, each on a thread of
// its own, while something fails again and again.
type crossing struct {
	*rig.Rig
	rng        *rand.Rand
	far        *zmqthread.Thread
	push, pull *actor.PID
	sink       *actor.PID
	arrived    atomic.Int64 // different ones
	repeated   atomic.Int64
	disorder   atomic.Int64 // numbers that came after a greater one, or over another connection
	lasts      atomic.Int64 // sent and not arrived
	end, all   chan bool    // closed when the last has come, and when every one has

	// Owned by the receiver.
	seen []bool
	on   map[string]*span // by connection
}

// span is what one connection has brought.
type span struct{ first, last uint64 }

// A crossing loses nothing and keeps its order, whichever actor fails; of the native socket's own
// failures it loses what docs/failure.md says, and every message of it can be counted.
func TestCrossing(t *testing.T) {
	for _, c := range []struct {
		name    string
		out, in zmq.Type
		fail    func(*crossing)
		mayLose bool
	}{
		{"poll actor", socket.Push, socket.Pull, (*crossing).crashPollActor, false},
		{"thread", socket.Push, socket.Pull, (*crossing).endThread, false},
		{"socket actor", socket.Push, socket.Pull, (*crossing).failActor, false},
		{"native socket that sends", socket.Dealer, socket.Router, (*crossing).loseSender, false},
		{"native socket that receives", socket.Push, socket.Pull, (*crossing).loseReceiver, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newCrossing(t, c.out, c.in)
			done := make(chan bool)
			go x.feed(done)
			n := x.disturb(done, c.fail)
			x.await(c.mayLose)
			x.judge(n, c.mayLose)
		})
	}
}

// judge compares what was sent with what has arrived.
func (x *crossing) judge(crashes int, mayLose bool) {
	sent, received := x.Counts(x.push), x.Counts(x.pull)
	lost, may := *cross-int(x.arrived.Load()), 0
	if mayLose {
		may = int(sent.Taken-received.Received) - int(x.lasts.Load()) // what one end gave libzmq and the other never had from it
	}
	x.Stop(x.pull) // its receiver has seen everything, or will have when it has stopped
	x.Stop(x.sink)
	disorder := int(x.disorder.Load()) + x.overlaps()
	x.T.Logf("%d messages, %d crashes: %d lost, %d twice, %d out of order", *cross, crashes, lost, x.repeated.Load(), disorder)
	if lost != may || int(x.repeated.Load())+disorder != 0 {
		x.T.Errorf("%d lost, not %d, %d twice, %d out of order\n%+v\n%+v", lost, may, x.repeated.Load(), disorder, sent, received)
	}
}

// quick is a supervisor that does not wait.
func quick() *supervision.Backoff {
	return &supervision.Backoff{Min: 100 * time.Microsecond, Max: time.Millisecond}
}

func newCrossing(t *testing.T, out, in zmq.Type) *crossing {
	x := &crossing{Rig: rig.Start(t, zmqthread.Config{}), rng: luck(t), end: make(chan bool), all: make(chan bool),
		seen: make([]bool, *cross), on: map[string]*span{}}
	x.far = x.Beside(zmqthread.Config{})
	restart := quick()
	x.sink = x.Actor(x.receive)
	x.pull = x.SpawnOn(x.far, socket.Config{Type: in, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(x.sink), Batch: 64},
		actor.WithGuardian(restart))
	x.push = x.SpawnSupervised(restart, socket.Config{Type: out, Connect: x.At(x.pull),
		Options: socket.Options{ReconnectInterval: time.Millisecond, ReconnectMax: 5 * time.Millisecond}})
	x.Peers(x.push, 1)
	return x
}

// message is number i of them: three frames of sizes that cross every boundary there is.
func message(i uint64) *messages.Message {
	return messages.Bytes(binary.BigEndian.AppendUint64(nil, i), make([]byte, i%100), []byte("end"))
}

// feed puts all of them, and then more until one arrives that was put after the last crash.
func (x *crossing) feed(done chan bool) {
	defer close(done)
	c, err := messages.NewCaller(x.Root)
	if err != nil {
		x.T.Error(err)
		return
	}
	defer c.Close()
	for i := 0; i < *cross; {
		b := messages.NewBatch()
		for ; b.Count < 64 && i < *cross; i++ {
			b.Append(message(uint64(i)).Frames...)
		}
		if _, err := c.Call(context.Background(), x.push, &messages.Offer{Batch: b, Accept: true}); err != nil {
			x.T.Error(err)
			return
		}
	}
}

func (x *crossing) receive(c actor.Context) {
	b, ok := c.Message().(*messages.Batch)
	if !ok {
		return
	}
	for _, m := range b.Messages() {
		over := ""
		if len(m.Frames) == 4 {
			over = string(m.Frames[0]) // of a ROUTER: each connection has its name
		}
		f := m.Body()
		i := binary.BigEndian.Uint64(f[0])
		switch {
		case i == last:
			x.lasts.Add(-1)
			select {
			case <-x.end:
			default:
				close(x.end)
			}
		case len(f) != 3 || len(f[1]) != int(i%100):
			x.T.Errorf("message %d is damaged: %d frames", i, len(f))
		case x.seen[i]:
			x.repeated.Add(1)
		default:
			x.seen[i] = true
			x.place(over, i)
			if x.arrived.Add(1) == int64(*cross) {
				close(x.all)
			}
		}
	}
}

// place checks that numbers rise on each connection.
func (x *crossing) place(over string, i uint64) {
	s := x.on[over]
	if s == nil {
		s = &span{i, i}
		x.on[over] = s
	}
	if i < s.last {
		x.disorder.Add(1)
	}
	s.last = i
}

// overlaps are connections with a number that is greater than one on a later connection: ZeroMQ takes
// them in turn, but what is sent on the next socket must have been sent later.
func (x *crossing) overlaps() (n int) {
	spans := slices.SortedFunc(maps.Values(x.on), func(a, b *span) int { return cmp.Compare(a.first, b.first) })
	for i := range len(spans) - 1 {
		if spans[i].last > spans[i+1].first {
			n++
		}
	}
	return n
}

const last = 1 << 62

// disturb fails something again and again, at random moments, until all is fed.
func (x *crossing) disturb(done <-chan bool, fail func(*crossing)) (n int) {
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-done:
			if n >= *crashes {
				return n
			}
			done = nil // more of them, with nothing under way
		case <-tick.C:
			fail(x)
			if n++; n >= *crashes && done == nil {
				return n
			}
			tick.Reset(time.Duration(x.rng.Int64N(int64(5 * time.Millisecond))))
		}
	}
}

// await waits for a message that is sent when everything else is under way, and for everything else.
func (x *crossing) await(mayLose bool) {
	ctx, cancel := context.WithTimeout(context.Background(), rig.Patience+time.Duration(*cross)*10*time.Microsecond)
	defer cancel()
	for ended := false; !ended; {
		if err := messages.Put(ctx, x.Root, x.push, message(last)); err != nil {
			x.T.Fatalf("the last message: %v; %d have arrived", err, x.arrived.Load())
		}
		x.lasts.Add(1)
		select {
		case <-x.end:
			ended = true
		case <-time.After(100 * time.Millisecond): // it may have been lost with a native socket: once more
		}
	}
	if !mayLose {
		select {
		case <-x.all:
		case <-ctx.Done():
		}
	}
}

func (x *crossing) loseSender()   { x.Root.Send(x.push, &socket.Fail{Err: errOnPurpose}) }
func (x *crossing) loseReceiver() { x.Root.Send(x.pull, &socket.Fail{Err: errOnPurpose}) }

var errOnPurpose = errors.New("lost on purpose")

func (x *crossing) crashPollActor() {
	for _, t := range []*zmqthread.Thread{x.Thread, x.far} {
		if x.rng.IntN(2) == 0 {
			x.Root.Send(t.PID(), &zmqthread.Crash{Reason: "chaos"})
		}
	}
}

func (x *crossing) endThread() {
	for _, t := range []*zmqthread.Thread{x.Thread, x.far} {
		if x.rng.IntN(2) == 0 {
			x.Root.Send(t.PID(), &zmqthread.Crash{Goexit: true})
		}
	}
}

func (x *crossing) failActor() {
	for _, pid := range []*actor.PID{x.push, x.pull} {
		if x.rng.IntN(2) == 0 {
			x.Root.Send(pid, &socket.Fail{Err: fmt.Errorf("chaos"), Kept: true})
		}
	}
}
