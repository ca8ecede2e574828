package socket_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// crossings are a sender, a receiver that binds, and what both have set.
var crossings = map[string]struct{ from, to socket.Config }{
	"PUSH PULL":           {socket.Config{Type: socket.Push}, socket.Config{Type: socket.Pull}},
	"PUSH PULL coalesced": {socket.Config{Type: socket.Push, Coalesce: true}, socket.Config{Type: socket.Pull, Coalesce: true}},
	"PAIR PAIR":           {socket.Config{Type: socket.Pair}, socket.Config{Type: socket.Pair}},
	"DEALER DEALER":       {socket.Config{Type: socket.Dealer}, socket.Config{Type: socket.Dealer}},
	"DEALER DEALER coalesced": {socket.Config{Type: socket.Dealer, Coalesce: true},
		socket.Config{Type: socket.Dealer, Coalesce: true}},
	"DEALER ROUTER": {socket.Config{Type: socket.Dealer}, socket.Config{Type: socket.Router}},
	"PUB SUB":       {socket.Config{Type: socket.Pub}, socket.Config{Type: socket.Sub, Subscribe: []string{""}}},
	"XPUB XSUB":     {socket.Config{Type: socket.XPub}, socket.Config{Type: socket.XSub, Subscribe: []string{""}}},
}

// joined waits until somebody hears what is sent.
func joined(r *rig.Rig, pid *actor.PID, cfg socket.Config) {
	r.T.Helper()
	if cfg.Type == socket.XPub { // it is told of subscriptions
		rig.Until(r.T, "there is a subscriber", func() bool { return r.Counts(pid).Received > 0 })
		return
	}
	r.Peers(pid, 1)
}

// odd are messages whose last frame could be taken for a tail.
var odd = [][]string{
	{"a", mark}, {"a", mark + parent(0)}, {"a", mark + parent(1) + state}, {mark}, {mark + parent(1)}, {"a", mark + "x"}, {"a", ""},
	{"", "a"}, {"", mark}, {"a", "", mark + parent(1)},
}

// What is sent arrives as it was, and with its context, over everything that is no request.
func TestTraceFrames(t *testing.T) {
	for name, c := range crossings {
		t.Run(name, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			to, got := scribe(r)
			c.to.Bind, c.to.Deliver, c.to.Trace = []string{r.Endpoint("tcp")}, socket.To(to), socket.TraceFrames
			far := r.Spawn(c.to)
			c.from.Connect, c.from.Trace = r.At(far), socket.TraceFrames
			near := r.Spawn(c.from)
			joined(r, near, c.from)
			enveloped := c.from.Type == socket.Dealer // what looks like a request has no tail
			frames := append([][]string{{"hello"}, {"two", "frames"}, {strings.Repeat("x", 200<<10), "large"}}, odd...)
			for _, f := range frames {
				for _, n := range []int{3, -1} {
					r.Root.Send(near, with(n, messages.Text(f...)))
					switch {
					case f[0] != "" || !enveloped:
						expect(t, got, n, f...)
					case c.to.Type == socket.Router:
						expect(t, got, -1, f[1:]...)
					default:
						expect(t, got, -1, f...)
					}
				}
			}
			batch := messages.NewBatch()
			for i := range 500 {
				batch.Append(fmt.Append(nil, i), []byte("of a batch"))
			}
			r.Root.Send(near, with(4, batch))
			for i := range 500 {
				expect(t, got, 4, fmt.Sprint(i), "of a batch")
			}
			if err := messages.Put(r.Ctx, within{r.Root, headers(5)}, near, messages.Text("put")); err != nil {
				t.Error(err)
			}
			expect(t, got, 5, "put")
		})
	}
}

// The other direction of those that have one: answers and what an actor sends by itself.
func TestTraceFramesBack(t *testing.T) {
	for _, name := range []string{"PAIR PAIR", "DEALER DEALER", "DEALER ROUTER"} {
		t.Run(name, func(t *testing.T) {
			c := crossings[name]
			r := rig.Start(t, zmqthread.Config{})
			in := r.Collector()
			c.to.Bind, c.to.Deliver, c.to.Trace = []string{r.Endpoint("tcp")}, socket.To(in.PID), socket.TraceFrames
			far := r.Spawn(c.to)
			to, got := scribe(r)
			c.from.Connect, c.from.Trace, c.from.Deliver = r.At(far), socket.TraceFrames, socket.To(to)
			near := r.Spawn(c.from)
			for _, f := range append([][]string{{"hello"}, {"two", "frames"}}, odd...) {
				r.Root.Send(near, with(1, messages.Text("ping")))
				_, mail := rig.Take[*messages.Message](in)
				r.Root.Send(mail.Sender, with(2, messages.Text(f...)))
				if c.from.Type == socket.Dealer && f[0] == "" {
					expect(t, got, -1, f...)
				} else {
					expect(t, got, 2, f...)
				}
				r.Root.Send(near, messages.Text("ping"))
				ping, mail := rig.Take[*messages.Message](in)
				mail.Respond(messages.Text(f...))
				expect(t, got, -1, f...)
				if name == "DEALER ROUTER" { // as often as wanted
					r.Root.Send(far, with(3, messages.Reply(ping, messages.Text("once", "more"))))
					expect(t, got, 3, "once", "more")
					r.Root.Send(far, with(4, messages.Bytes(ping.Frames[0], []byte("by name"))))
					expect(t, got, 4, "by name")
				}
			}
		})
	}
}

// With TraceFrames on both sides an Ask has its context in the envelope, and nothing behind it.
func TestTraceFramesAsk(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	to, got := scribe(r)
	router := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(to), Trace: socket.TraceFrames})
	dealer := r.Spawn(socket.Config{Type: socket.Dealer, Connect: r.At(router), Trace: socket.TraceFrames})
	req := r.Spawn(socket.Config{Type: socket.Req, Connect: r.At(router)}) // and one that has no Trace at all
	for _, f := range append([][]string{{"hello"}}, odd...) {
		reply, err := messages.Ask(r.Ctx, within{r.Root, headers(6)}, dealer, messages.Text(f...))
		if err != nil || !areFrames(reply.Frames, append([]string{"re"}, f...)...) {
			t.Error(reply, err)
		}
		expect(t, got, 6, f...)
		reply, err = messages.Ask(r.Ctx, within{r.Root, headers(6)}, req, messages.Text(f...))
		if err != nil || !areFrames(reply.Frames, append([]string{"re"}, f...)...) {
			t.Error(reply, err)
		}
		expect(t, got, -1, f...)
	}
}

// A Batch has no headers, and its messages are as they were sent.
func TestTraceFramesIntoABatch(t *testing.T) {
	for name, c := range crossings {
		if c.to.Type == socket.Router {
			continue // TestTraceFramesIntoARoutersBatch
		}
		t.Run(name, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			in := r.Collector()
			c.to.Bind, c.to.Deliver, c.to.Trace, c.to.Batch = []string{r.Endpoint("tcp")}, socket.To(in.PID), socket.TraceFrames, 64
			far := r.Spawn(c.to)
			c.from.Connect, c.from.Trace = r.At(far), socket.TraceFrames
			near := r.Spawn(c.from)
			joined(r, near, c.from)
			frames := append([][]string{{"hello"}, {"two", "frames"}, {strings.Repeat("x", 200<<10), "large"}}, odd...)
			for _, f := range frames {
				r.Root.Send(near, with(3, messages.Text(f...)))
				r.Root.Send(near, messages.Text(f...))
			}
			for i, m := range in.Messages(2 * len(frames)) {
				if want := frames[i/2]; !areFrames(m.Frames, want...) {
					t.Errorf("%.100q, want %.100q", m.Frames, want)
				}
			}
		})
	}
}

func TestTraceFramesIntoARoutersBatch(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	in := r.Collector()
	router := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(in.PID), Trace: socket.TraceFrames, Batch: 64})
	dealer := r.Spawn(socket.Config{Type: socket.Dealer, Connect: r.At(router), Trace: socket.TraceFrames})
	frames := append([][]string{{"hello"}, {"two", "frames"}}, odd...)
	for _, f := range frames {
		r.Root.Send(dealer, with(3, messages.Text(f...)))
		r.Root.Send(dealer, messages.Text(f...))
	}
	for i, m := range in.Messages(2 * len(frames)) {
		if want := frames[i/2]; !areFrames(m.Frames[1:], want...) {
			t.Errorf("%.100q, want %.100q", m.Frames, want)
		}
	}
}

// What only one end knows: a receiver takes nothing away that nobody has put there, and a sender's frame is
// seen by a receiver that was not told.
func TestTraceFramesOnOneEnd(t *testing.T) {
	for name, c := range crossings {
		for _, near := range []bool{true, false} {
			t.Run(fmt.Sprint(name, " sender ", near), func(t *testing.T) {
				c := c
				r := rig.Start(t, zmqthread.Config{})
				to, got := scribe(r)
				c.to.Bind, c.to.Deliver = []string{r.Endpoint("tcp")}, socket.To(to)
				if near {
					c.from.Trace = socket.TraceFrames
				} else {
					c.to.Trace = socket.TraceFrames
				}
				far := r.Spawn(c.to)
				c.from.Connect = r.At(far)
				pid := r.Spawn(c.from)
				joined(r, pid, c.from)
				r.Root.Send(pid, messages.Text("a", "b"))
				expect(t, got, -1, "a", "b")
				r.Root.Send(pid, with(1, messages.Text("a", "b")))
				if near {
					expect(t, got, -1, "a", "b", mark+parent(1)+state)
				} else {
					expect(t, got, -1, "a", "b")
				}
			})
		}
	}
}

// A message of MaxMessage gets through with its tail, and one of a byte more does not, also among those of
// a peer that counts otherwise.
func TestTraceFramesMaxMessage(t *testing.T) {
	for _, most := range []int64{1000, 200 << 10} {
		for _, coalesce := range []bool{false, true} {
			for _, batch := range []int{0, 16} {
				t.Run(fmt.Sprint(most, " ", coalesce, " ", batch), func(t *testing.T) {
					r := rig.Start(t, zmqthread.Config{})
					in := r.Collector()
					pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(in.PID),
						Trace: socket.TraceFrames, MaxMessage: most, Coalesce: coalesce, Batch: batch})
					push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull), Trace: socket.TraceFrames, Coalesce: coalesce})
					for n, size := range []int64{most, most + 1, most, most + 400, most + 2000, 1} {
						r.Root.Send(push, with(n, messages.Bytes(make([]byte, size))))
						r.Root.Send(push, messages.Bytes(make([]byte, size)))
					}
					for i, m := range in.Messages(6) {
						if want := []int64{most, most, most, most, 1, 1}[i]; int64(m.Size()) != want {
							t.Errorf("%d bytes, want %d", m.Size(), want)
						}
					}
					rig.Until(t, "all is booked", func() bool { return r.Counts(pull).Dropped["too large"] == 6 })
				})
			}
		}
	}
}

// What could not be sent comes back as it was given.
func TestTraceGivesBackWhatItGot(t *testing.T) {
	for name, cfg := range map[string]socket.Config{
		"PUSH": {Type: socket.Push, Trace: socket.TraceFrames}, "REQ": {Type: socket.Req, Trace: socket.TraceRequests},
		"DEALER": {Type: socket.Dealer, Trace: socket.TraceFrames},
	} {
		t.Run(name, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			pid := r.Spawn(cfg) // with nobody to send to
			back := r.Collector()
			r.Root.Send(pid, with(1, messages.Text("dead", mark)))
			r.Root.Send(pid, messages.Text("letter", ""))
			r.Root.Send(pid, from(back, 1, "sent", "x"))
			r.Root.Send(pid, from(back, 2, "back", mark+parent(1)))
			r.Counts(pid)
			r.Stop(pid)
			for _, want := range [][]string{{"sent", "x"}, {"back", mark + parent(1)}} {
				if m := back.Rejected(); !areFrames(m.Message.GetFrames(), want...) {
					t.Errorf("%v", m)
				}
			}
			rig.Until(t, "there are dead letters", func() bool { return len(r.Dead.To(pid)) == 2 })
			for i, want := range [][]string{{"dead", mark}, {"letter", ""}} {
				if m := r.Dead.To(pid)[i].(*messages.Message); !areFrames(m.Frames, want...) {
					t.Errorf("%q", m.Frames)
				}
			}
		})
	}
}

// from is a message with the nth context whose sender wants to hear of it.
func from(c *rig.Collector, n int, frames ...string) *actor.MessageEnvelope {
	return &actor.MessageEnvelope{Header: headers(n), Message: messages.Text(frames...), Sender: c.PID}
}

// An unroutable message comes back, too.
func TestTraceGivesBackWhatIsUnroutable(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	router := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{r.Endpoint("tcp")}, Trace: socket.TraceFrames})
	back := r.Collector()
	r.Root.Send(router, from(back, 1, "nobody", "x"))
	if m := back.Rejected(); !errors.Is(m, messages.ErrUnreachable) || !areFrames(m.Message.GetFrames(), "nobody", "x") {
		t.Errorf("%v", m)
	}
}

// Receivers of one message do not share its header: each may change it, as a middleware does.
func TestTraceForSeveralReceivers(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	const messagesEach = 100
	seen := make(chan string, 2*messagesEach)
	spoil := func(c actor.Context) {
		if _, ok := c.Message().(*messages.Message); ok {
			seen <- c.MessageHeader().Get("traceparent")
			c.MessageHeader().(interface{ Set(key, value string) }).Set("traceparent", "mine")
		}
	}
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(r.Actor(spoil), r.Actor(spoil)), Trace: socket.TraceFrames})
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull), Trace: socket.TraceFrames})
	for n := range messagesEach {
		r.Root.Send(push, with(n, messages.Text("x")))
	}
	counts := map[string]int{}
	for range 2 * messagesEach {
		select {
		case parent := <-seen:
			counts[parent]++
		case <-r.Ctx.Done():
			t.Fatalf("%v", counts)
		}
	}
	for n := range messagesEach {
		if counts[parent(n)] != 2 {
			t.Errorf("%s came %d times", parent(n), counts[parent(n)])
		}
	}
}

// Contexts of many senders do not get mixed up in an outbox that is always full.
func TestTraceFramesUnderLoad(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	to, got := scribe(r)
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(to), Trace: socket.TraceFrames})
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull), Trace: socket.TraceFrames, Outbox: socket.Limit{Messages: 4}})
	const senders, each = 16, 100
	for s := range senders {
		go func() {
			for i := range each {
				n := s*each + i
				if err := messages.Put(r.Ctx, within{r.Root, headers(n)}, push, messages.Text(fmt.Sprint(n))); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	seen := map[int]bool{}
	for len(seen) < senders*each {
		select {
		case g := <-got:
			var n int
			fmt.Sscanf(g.frames, `["%d"]`, &n)
			if !maps.Equal(g.header, headers(n)) || seen[n] {
				t.Fatalf("%v", g)
			}
			seen[n] = true
		case <-r.Ctx.Done():
			t.Fatalf("%d of %d", len(seen), senders*each)
		}
	}
}
