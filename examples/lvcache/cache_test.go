package main

import (
	"errors"
	"fmt"
	"strconv"
	"syscall"
	"testing"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// bench is a cache for a test.
type bench struct {
	*rig.Rig
	*cache
	in, out string
}

func start(t *testing.T, most limit, in, out []string) *bench {
	t.Helper()
	b := &bench{Rig: rig.Start(t, zmqthread.Config{})}
	b.cache = &cache{thread: b.Thread, in: in, out: out, values: newValues(most)}
	if err := b.spawn(b.System, "lvcache"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Stop(b.parent) })
	b.in, b.out = b.At(b.sub)[0], b.At(b.xpub)[0]
	return b
}

func python(t *testing.T, args ...string) *peer.Process {
	t.Helper()
	return peer.Start(t, peer.Python(t, "zmq"), append([]string{"testdata/peer.py"}, args...)...)
}

// publisher is a Python one whose first value has arrived.
func (b *bench) publisher() *peer.Process {
	b.T.Helper()
	pub := python(b.T.(*testing.T), "publish", b.in)
	pub.Await("ready")
	before := b.counted().updates
	rig.Until(b.T, "the publisher is heard", func() bool { // a PUB is not told when it has been subscribed to
		pub.Tell("zero 0 0")
		return b.counted().updates > before
	})
	return pub
}

func (b *bench) counted() counts {
	b.T.Helper()
	n, err := messages.Call(b.Ctx, b.Root, b.self, howMany{})
	if err != nil {
		b.T.Fatal(err)
	}
	return n.(counts)
}

// A subscriber is killed, misses updates, and so is the publisher. The next subscriber has the last
// values at once.
func TestEverybodyKilled(t *testing.T) {
	b := start(t, limit{10_000, 1 << 24}, wild, wild)
	pub := b.publisher()
	first := python(t, "subscribe", b.out, "t1")
	b.Peers(b.xpub, 1)
	const topics = 2000
	for round := range 2 {
		for n := range topics {
			pub.Tell(fmt.Sprintf("t%04d %d 100", n, round*10_000+n))
		}
		if round == 0 {
			first.Await("got t1999 1999")
			first.Kill()
		}
	}
	rig.Until(t, "all updates have come", func() bool { return b.counted().updates > 2*topics })
	pub.Kill()
	before := b.counted()
	second := python(t, "subscribe", b.out, "t1")
	for n := 1000; n < topics; n++ {
		if got, want := second.Line(), fmt.Sprintf("got t%04d %d", n, 10_000+n); got != want {
			t.Fatalf("%q instead of %q", got, want)
		}
	}
	if n := b.counted(); n.lost != 0 || n.repeats != before.repeats+1000 {
		t.Errorf("%+v, %+v before", n, before)
	}
}

// The second subscriber to the same topic has its value, too.
func TestSecondOfATopic(t *testing.T) {
	b := start(t, limit{10, 1 << 20}, wild, wild)
	pub := b.publisher()
	pub.Tell("only 7 0")
	for range 3 {
		if got := python(t, "subscribe", b.out, "only").Line(); got != "got only 7" {
			t.Errorf("got %q", got)
		}
	}
}

// While a topic is updated and the XPUB is lost now and then, no subscriber ever sees a value that is
// older than one it has seen, and each sees the last.
func TestNeverOlder(t *testing.T) {
	b := start(t, limit{10, 1 << 20}, wild, wild)
	pub := b.publisher()
	const last = 3000
	var subs []*peer.Process
	for n := range last + 1 {
		pub.Tell(fmt.Sprintf("x %d 10", n))
		if n%600 == 0 {
			subs = append(subs, python(t, "subscribe", b.out, "x"))
			b.Peers(b.xpub, 1)
		}
		if n%1000 == 999 {
			b.Do(b.xpub, &socket.Fail{Err: errors.New("on purpose")})
		}
	}
	for i, sub := range subs {
		for seen := 0; seen < last; {
			n, err := strconv.Atoi(sub.Await("got x "))
			if err != nil || n < seen {
				t.Fatalf("subscriber %d: %d after %d", i, n, seen)
			}
			seen = n
		}
	}
}

// A subscriber stalls: the other one gets everything meanwhile, and the stalled one the last value
// when it subscribes again.
func TestSubscriberStalls(t *testing.T) {
	b := start(t, limit{10, 1 << 20}, wild, wild)
	pub := b.publisher()
	well, stalled := python(t, "subscribe", b.out, "x"), python(t, "subscribe", b.out, "x")
	b.Peers(b.xpub, 2)
	pub.Tell("x 0 10240")
	well.Await("got x 0")
	stalled.Await("got x 0")
	stalled.Signal(syscall.SIGSTOP)
	const last = 3000
	for n := 1; n <= last; n++ {
		pub.Tell(fmt.Sprintf("x %d 10240", n))
		got := well.Line()
		for got == "got x "+strconv.Itoa(n-1) { // again, for the other one who has subscribed
			got = well.Line()
		}
		if got != "got x "+strconv.Itoa(n) {
			t.Fatalf("%q instead of %d", got, n)
		}
	}
	stalled.Kill()
	if got := python(t, "subscribe", b.out, "x").Line(); got != "got x "+strconv.Itoa(last) {
		t.Errorf("then %q", got)
	}
}
