package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// forwarder is a proxy between a Python publisher and subscribers.
func forwarder(t *testing.T) (*bench, *peer.Process) {
	t.Helper()
	pub := python(t, "publish", "tcp://127.0.0.1:*")
	return start(t, &proxy{
		front: socket.Config{Type: socket.XSub, Connect: []string{pub.Await("at ")}},
		back:  socket.Config{Type: socket.XPub, Bind: wild, Options: socket.Options{SendHWM: 200, SendBuffer: 1 << 16}},
	}), pub
}

// pump has the numbers of a range published in small lots, each when the subscriber has got the last
// one, so that it at least keeps up.
func pump(t *testing.T, pub, sub *peer.Process, from, to int) {
	t.Helper()
	for n := from; n < to; n += 50 {
		pub.Tell(fmt.Sprintf("send %d %d", n, n+50))
		for i := n; i < n+50; i++ {
			if got := sub.Line(); got != "got "+strconv.Itoa(i) {
				t.Fatalf("%s instead of %d", got, i)
			}
		}
	}
}

// A subscriber stalls. The other gets everything, in order; and the stalled one gets what was not too
// much, in order, and what comes when it goes on.
func TestSubscriberStalls(t *testing.T) {
	b, pub := forwarder(t)
	well := python(t, "subscribe", b.back, "A")
	if got := pub.Await("subscription "); got != "0141" {
		t.Errorf("subscribed to %s", got)
	}
	stalled := python(t, "subscribe", b.back, "B")
	if got := pub.Await("subscription "); got != "0142" {
		t.Errorf("subscribed to %s", got)
	}
	pump(t, pub, well, 0, 100)
	stalled.Await("got 99")
	stalled.Signal(syscall.SIGSTOP)
	const most = 3000
	pump(t, pub, well, 100, most)
	stalled.Signal(syscall.SIGCONT)
	last, got := 99, 0
	for next := most; last < next; { // until one comes that was sent after it had gone on
		select {
		case line := <-stalled.Lines():
			n, err := strconv.Atoi(line[len("got "):])
			if err != nil || n <= last {
				t.Fatalf("%q after %d", line, last)
			}
			last = n
			got++
		default:
			pump(t, pub, well, next, next+50)
			next += 50
			if last >= most {
				next = last
			}
		}
	}
	if got == 0 || got >= most-100 {
		t.Errorf("the stalled subscriber got %d of %d", got, most-100)
	}
}

// The last subscriber of a topic goes, and the publisher learns of it.
func TestUnsubscribed(t *testing.T) {
	b, pub := forwarder(t)
	one, other := python(t, "subscribe", b.back, "A"), python(t, "subscribe", b.back, "A")
	pub.Await("subscription 0141")
	b.Peers(b.backend, 2)
	one.Kill()
	pump(t, pub, other, 0, 50)
	other.Kill()
	if got := pub.Await("subscription "); got != "0041" {
		t.Errorf("then %s", got)
	}
}

// Either socket is lost: what was subscribed to still comes.
func TestResubscribed(t *testing.T) {
	b, pub := forwarder(t)
	sub := python(t, "subscribe", b.back, "A")
	pub.Await("subscription 0141")
	pump(t, pub, sub, 0, 50)
	next := 50
	for _, pid := range []*actor.PID{b.frontend, b.backend} {
		b.Do(pid, &socket.Fail{Err: errors.New("on purpose")})
		from := next
		rig.Until(t, "something new comes", func() bool { // nobody tells when it has subscribed again
			pub.Tell(fmt.Sprintf("send %d %d", next, next+1))
			next++
			select {
			case line := <-sub.Lines():
				n, err := strconv.Atoi(strings.TrimPrefix(line, "got "))
				return err == nil && n >= from
			default:
				return false
			}
		})
	}
	if n := b.tally()[1]; n.forwarded != 1 || n.returned != 0 {
		t.Errorf("%+v: it has subscribed twice", n)
	}
}
