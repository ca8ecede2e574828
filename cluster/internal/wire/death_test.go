package wire

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// beat is a heartbeat for tests about death, long enough for a busy machine.
const testBeat = 500 * time.Millisecond

// slack is what a busy machine may add until somebody is told.
const slack = 400 * time.Millisecond

// dying is somebody in another process, of whom a watcher, a Future and a Caller wait to hear.
type dying struct {
	*side
	far    *far
	mute   *actor.PID
	watch  *box
	future *actor.Future
	call   chan error
}

func newDying(t *testing.T) *dying {
	t.Helper()
	d := &dying{side: start(t, Config{Heartbeat: testBeat}), far: process(t, "", testBeat), call: make(chan error, 1)}
	d.mute = d.far.pid(d.ask(d.far.pid("hire"), "mute"))
	d.watch = d.box()
	d.side.watch(d.watch, d.mute)
	d.future = d.root.RequestFuture(d.mute, messages.Text("?"), time.Minute)
	go func() {
		_, err := messages.Ask(context.Background(), d.root, d.mute, messages.Text("?"))
		d.call <- err
	}()
	rig.Until(t, "everything to be on the far side", func() bool { c := d.counts(d.far.address); return c.InFlight+c.Queued == 0 && c.Accepted >= 4 })
	return d
}

// told waits until all three were told, and returns how long that took.
func (d *dying) told(since time.Time, cause Cause) time.Duration {
	d.t.Helper()
	if m := next[*actor.Terminated](d.t, d.watch); m.Why != actor.TerminatedReason_AddressTerminated || !m.Who.Equal(d.mute) {
		d.t.Error(m)
	}
	took := time.Since(since)
	if _, err := d.future.Result(); !errors.Is(err, actor.ErrDeadLetter) {
		d.t.Error(err)
	}
	select {
	case err := <-d.call:
		u, e := new(UndeliveredError), new(PeerDown)
		if !errors.As(err, &u) || u.Reason != Dead || !errors.As(err, &e) || e.Cause != cause || !errors.Is(err, messages.ErrUnreachable) {
			d.t.Error(err)
		}
	case <-time.After(rig.Patience):
		d.t.Error("a Caller still waits")
	}
	if e := d.down(d.far.address); e.Cause != cause || e.Incarnation == 0 {
		d.t.Error(e)
	}
	return took
}

// A process that is killed is noticed within two heartbeats, and so is one that is stopped; requests to it
// fail at once from then on. A stopped one that goes on is alive again.
func TestDeath(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "stopped": syscall.SIGSTOP} {
		t.Run(name, func(t *testing.T) {
			d := newDying(t)
			begun := time.Now()
			d.far.Signal(signal)
			took := d.told(begun, Silent)
			t.Logf("noticed after %.2f heartbeats", took.Seconds()/testBeat.Seconds())
			if took > 2*testBeat+slack {
				t.Errorf("noticed after %v, two heartbeats are %v", took, 2*testBeat)
			}
			d.failsFast()
			if signal == syscall.SIGKILL {
				return
			}
			d.far.Signal(syscall.SIGCONT)
			rig.Until(t, "it to be up again", func() bool { return d.ups(d.far.address) == 2 })
			if got := d.ask(d.far.pid("echo"), "again"); got != "echo again" {
				t.Error(got)
			}
		})
	}
}

// failsFast checks how long it takes to be told that a peer is dead which is known to be.
func (d *dying) failsFast() {
	d.t.Helper()
	var all []time.Duration
	for range 200 {
		begun := time.Now()
		_, err := d.root.RequestFuture(d.mute, messages.Text("?"), time.Minute).Result()
		if all = append(all, time.Since(begun)); !errors.Is(err, actor.ErrDeadLetter) {
			d.t.Fatal(err)
		}
	}
	slices.Sort(all)
	d.t.Logf("a request to it fails after %v (median), %v (99th)", all[100], all[198])
	if all[100] > 5*time.Millisecond {
		d.t.Error("that is slow")
	}
	_, err := messages.Ask(context.Background(), d.root, d.mute, messages.Text("?"))
	if u := new(UndeliveredError); !errors.As(err, &u) || u.Reason != Dead {
		d.t.Error(err)
	}
	w := d.box()
	d.side.watch(w, d.mute)
	if m := next[*actor.Terminated](d.t, w); m.Why != actor.TerminatedReason_AddressTerminated {
		d.t.Error(m)
	}
}

// Who leaves in good order is known to be gone at once.
func TestLeave(t *testing.T) {
	d := newDying(t)
	begun := time.Now()
	d.far.CloseInput()
	if took := d.told(begun, Left); took > testBeat {
		t.Error("it took", took)
	}
	d.failsFast()
}

// Nobody answers at an address: what is queued for it is given up after two heartbeats.
func TestNeverThere(t *testing.T) {
	a := start(t, Config{Heartbeat: testBeat})
	b := start(t, Config{})
	address := b.wire.Address()
	b.shutdown()
	begun := time.Now()
	_, err := messages.Ask(context.Background(), a.root, actor.NewPID(address, "x"), messages.Text("x"))
	took := time.Since(begun)
	if u := new(UndeliveredError); !errors.As(err, &u) || u.Reason != Dead || took > 2*testBeat+slack {
		t.Error(err, took)
	}
	if e := a.down(address); e.Cause != Silent || e.Incarnation != 0 || e.Err == nil {
		t.Error(e)
	}
}

// A process that is started anew under the same address is another one: watches on actors of the first end,
// what was not confirmed is a dead letter, and everything that was sent is accounted for.
func TestRestartUnderLoad(t *testing.T) {
	a := start(t, Config{Heartbeat: calm}) // so that it is not silence by which it is noticed
	f := process(t, "", calm)
	counter := f.pid("counter")
	a.ask(f.pid("echo"), "there")
	w := a.box()
	a.watch(w, counter)
	stop, sent := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				sent <- n
				return
			default:
			}
			a.root.Send(counter, messages.Text(fmt.Sprint(n)))
			if n%64 == 0 {
				time.Sleep(50 * time.Microsecond) // it is a load, not a flood
			}
		}
	}()
	rig.Until(t, "some to arrive", func() bool { return a.counts(f.address).Confirmed > 20_000 })
	f.Kill()
	again := process(t, "tcp://"+f.address, calm)
	if again.address != f.address {
		t.Fatal(again.address, f.address)
	}
	if m := next[*actor.Terminated](t, w); m.Why != actor.TerminatedReason_AddressTerminated || !m.Who.Equal(counter) {
		t.Error(m)
	}
	if e := a.down(f.address); e.Cause != Restarted {
		t.Error(e)
	}
	rig.Until(t, "the second to be up", func() bool { return a.ups(f.address) == 2 })
	before := a.counts(f.address)
	rig.Until(t, "some to arrive at the second", func() bool { return a.counts(f.address).Confirmed > before.Confirmed+20_000 })
	close(stop)
	n := uint64(<-sent)
	rig.Until(t, "the rest to arrive", func() bool { c := a.counts(f.address); return c.Queued+c.InFlight == 0 })
	c := a.counts(f.address)
	refused := c.Refused[Full] + c.Refused[Dead]
	t.Logf("%d sent, %d refused: %+v", n, refused, c)
	if got := n + 2; c.Accepted+refused != got { // and the request and the Watch
		t.Errorf("%d sent, %d accounted for", got, c.Accepted+refused)
	}
	if lost := uint64(a.undelivered(Unconfirmed) + a.undelivered(Dead) + a.undelivered(Full)); lost != c.Unconfirmed+c.DeadLettered+refused {
		t.Errorf("%d dead letters: %+v", lost, c)
	}
	if in := strings.Fields(a.ask(counter, "?")); in[0] == "0" {
		t.Error("the second process has got nothing")
	}
}

// A connection that is cut loses nothing: every message arrives once and in its order.
func TestConnectionCut(t *testing.T) {
	const total, cuts = 100_000, 10
	a, b := start(t, Config{}), start(t, Config{})
	count, got, due := counter(), 0, make(chan struct{}, cuts)
	b.spawn("counter", func(c actor.Context) {
		if _, ok := c.Message().(*messages.Message); ok {
			if got++; got%(total/cuts) == 0 && got < total {
				due <- struct{}{}
			}
		}
		count(c)
	})
	over := make(chan struct{})
	go func() {
		defer close(over)
		for range cuts - 1 {
			<-due
			b.cut()
		}
	}()
	for i := range total {
		a.root.Send(b.pid("counter"), messages.Text(fmt.Sprint(i)))
		if i%1000 == 999 {
			rig.Until(t, "room in the queue", func() bool { return a.counts(b.wire.Address()).Queued < 3000 })
		}
	}
	if got := a.ask(b.pid("counter"), fmt.Sprint("? ", total)); got != fmt.Sprint(total, " 0") {
		t.Errorf("%s of %d, and out of order", got, total)
	}
	<-over
	c := a.counts(b.wire.Address())
	t.Logf("%d cuts, %d messages sent again", cuts-1, c.Resent)
	if a.ups(b.wire.Address()) != 1 {
		t.Error("the session has ended")
	}
}
