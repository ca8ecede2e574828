package main

import (
	"context"
	"errors"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

func python(t *testing.T, args ...string) *peer.Process {
	t.Helper()
	return peer.Start(t, peer.Python(t, "zmq"), append([]string{"testdata/peer.py"}, args...)...)
}

// bench is a snail for a test.
type bench struct {
	*rig.Rig
	*snail
	slow atomic.Bool
	got  chan job
	gone chan error
}

// job is a message that the snail works on.
type job struct{ n, late int }

func start(t *testing.T, at string, unit time.Duration, retries int, most time.Duration) *bench {
	t.Helper()
	b := &bench{Rig: rig.Start(t, zmqthread.Config{}), got: make(chan job, 1<<20), gone: make(chan error, 1)}
	b.snail = &snail{thread: b.Thread, at: []string{at}, unit: unit, retries: retries, gone: b.gone, pace: pace{most: most},
		work: func(m *messages.Message) {
			sent, err := stampOf(m.Frames, unit)
			if err != nil {
				t.Error(err)
			}
			j := job{late: int(time.Since(sent).Milliseconds())}
			if len(m.Frames) > 1 {
				if j.n, err = strconv.Atoi(string(m.Frames[1])); err != nil {
					t.Error(err)
				}
			}
			b.got <- j
			if b.slow.Load() {
				time.Sleep(5 * time.Millisecond)
			}
		}}
	if err := b.spawn(b.System, "snail"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Stop(b.parent) })
	return b
}

// reach waits until the counts are so.
func (b *bench) reach(so func(counts) bool) counts {
	b.T.Helper()
	n, err := b.until(b.Ctx, b.Root, so)
	if err != nil {
		b.T.Fatal(err)
	}
	return n
}

// A snail is slow, fails, and works on fresh messages when it is well; a Python subscriber of the same
// Python publisher gets every message meanwhile.
func TestSlow(t *testing.T) {
	pub := python(t, "publish", "tcp://127.0.0.1:*")
	at := pub.Await("at ")
	well := python(t, "subscribe", at, "60000")
	first, err := strconv.Atoi(well.Await("got "))
	if err != nil {
		t.Fatal(err)
	}
	const most = 200 * time.Millisecond
	b := start(t, at, time.Millisecond, 1000, most)
	b.slow.Store(true)
	b.reach(func(n counts) bool { return n.late >= 3 })
	b.slow.Store(false)
	healed := b.reach(func(counts) bool { return true })
	n := b.reach(func(n counts) bool { return n.worked >= healed.worked+500 })
	if n.malformed != 0 || n.skipped == 0 {
		t.Errorf("%+v", n)
	}
	last := -1
	for range n.worked {
		j := <-b.got
		if j.n <= last {
			t.Fatalf("%d after %d", j.n, last)
		}
		if j.late > int(most.Milliseconds())+1000 { // it may be that the machine was busy just then
			t.Errorf("it works on %d, which is %d ms old", j.n, j.late)
		}
		last = j.n
	}
	for want := first + 1; want < last; want++ {
		if got := well.Await("got "); got != strconv.Itoa(want) {
			t.Fatalf("the other got %s instead of %d", got, want)
		}
	}
}

// A snail that stays slow is stopped, and that is told.
func TestGivesUp(t *testing.T) {
	pub := python(t, "publish", "tcp://127.0.0.1:*")
	b := start(t, pub.Await("at "), time.Millisecond, 2, 100*time.Millisecond)
	b.slow.Store(true)
	select {
	case err := <-b.gone:
		if late := new(LateError); !errors.As(err, &late) || late.By <= late.Most {
			t.Errorf("stopped for %v", err)
		}
	case <-b.Ctx.Done():
		t.Fatal("it goes on for ever")
	}
	if n := b.reach(func(counts) bool { return true }); n.late != 3 {
		t.Errorf("%+v: the first failure and two more", n)
	}
}

// A Python snail is stalled, and dies of what it finds when it goes on. Our publisher and our snail go
// on meanwhile.
func TestTheirSnailStalls(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	pub := r.Spawn(socket.Config{Type: socket.Pub, Bind: []string{"tcp://127.0.0.1:*"}, Options: socket.Options{DropSlow: true}})
	at := r.At(pub)[0]
	b := start(t, at, time.Millisecond, 0, time.Minute)
	theirs := python(t, "subscribe", at, "500")
	r.Peers(pub, 2)
	ctx, cancel := context.WithCancel(r.Ctx)
	published := make(chan int)
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		n := 0
		for ; ctx.Err() == nil; <-tick.C {
			r.Root.Send(pub, messages.Bytes(stamp(time.Now(), time.Millisecond), strconv.AppendInt(nil, int64(n), 10)))
			n++
		}
		published <- n
	}()
	theirs.Await("got ")
	theirs.Signal(syscall.SIGSTOP)
	stalled := time.Now()
	before := b.reach(func(counts) bool { return true })
	b.reach(func(n counts) bool { return n.worked >= before.worked+500 && time.Since(stalled) > time.Second })
	theirs.Signal(syscall.SIGCONT)
	if late, err := strconv.Atoi(theirs.Await("died ")); err != nil || late <= 500 {
		t.Errorf("it died %d ms late, %v", late, err)
	}
	if err, ok := theirs.Wait().(*exec.ExitError); !ok || err.ExitCode() != 3 {
		t.Errorf("it ended with %v", err)
	}
	cancel()
	n := <-published
	b.reach(func(c counts) bool { return c.worked == n })
	for want := range n {
		if j := <-b.got; j.n != want {
			t.Fatalf("%d instead of %d", j.n, want)
		}
	}
}

// What says not when it was sent is counted, and that is all.
func TestMalformed(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	pub := r.Spawn(socket.Config{Type: socket.Pub, Bind: []string{"tcp://127.0.0.1:*"}})
	b := start(t, r.At(pub)[0], time.Millisecond, 0, time.Minute)
	r.Peers(pub, 1)
	for _, text := range []string{"", "soon", "-5"} {
		r.Put(pub, messages.Text(text))
	}
	r.Put(pub, messages.Bytes(stamp(time.Now(), time.Millisecond)))
	if n := b.reach(func(n counts) bool { return n.worked == 1 }); n.malformed != 3 {
		t.Errorf("%+v", n)
	}
}
