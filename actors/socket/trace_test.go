package socket_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

const (
	mark  = "\x00W3C"
	state = "shop=42,other=a b"
)

// parent is the nth traceparent.
func parent(n int) string { return fmt.Sprintf("00-4bf92f3577b34da6a3ce929d0e0e4736-%016x-01", n+1) }

// headers are those of the nth context.
func headers(n int) map[string]string {
	return map[string]string{"traceparent": parent(n), "tracestate": state}
}

// with is m with the headers of the nth context; below 0 it has none.
func with(n int, m any) any {
	if n < 0 {
		return m
	}
	return &actor.MessageEnvelope{Header: headers(n), Message: m}
}

// within is a sender whose messages have these headers, as a middleware sees to.
type within struct {
	actor.SenderContext
	headers map[string]string
}

func (w within) RequestWithCustomSender(to *actor.PID, m any, from *actor.PID) {
	w.Send(to, &actor.MessageEnvelope{Header: w.headers, Message: m, Sender: from})
}

// told is a message and the headers that it came with.
type told struct {
	header map[string]string
	frames string
}

func (g told) String() string { return fmt.Sprintf("%s of %v", g.frames, g.header) }

// scribe answers what it gets, if it has a sender, and says what that was.
func scribe(r *rig.Rig) (*actor.PID, chan told) {
	got := make(chan told, 1<<12)
	return r.Actor(func(c actor.Context) {
		var frames string
		switch m := c.Message().(type) {
		case *messages.Message:
			frames = fmt.Sprintf("%q", m.Body())
			if c.Sender() != nil && m.Request != 0 {
				c.Respond(messages.Bytes(append([][]byte{[]byte("re")}, m.Body()...)...))
			}
		case *messages.Batch:
			for _, m := range m.Messages() {
				frames += fmt.Sprintf("%q", m.Body())
			}
		default:
			return
		}
		header := map[string]string{}
		if c.MessageHeader() != nil {
			header = c.MessageHeader().ToMap()
		}
		got <- told{header, frames}
	}), got
}

// expect waits for a message with the headers of the nth context.
func expect(t *testing.T, got chan told, n int, frames ...string) {
	t.Helper()
	want := told{map[string]string{}, fmt.Sprintf("%q", frames)}
	if n >= 0 {
		want.header = headers(n)
	}
	select {
	case g := <-got:
		if !maps.Equal(g.header, want.header) || g.frames != want.frames {
			t.Errorf("got  %v\nwant %v", g, want)
		}
	case <-time.After(rig.Patience):
		t.Fatalf("nothing arrived, want %v", want)
	}
}

// Requests carry their context to whoever serves them, whatever the size and the sender.
func TestTraceRequests(t *testing.T) {
	for _, client := range []string{"REQ", "DEALER"} {
		for _, server := range []string{"REP", "ROUTER"} {
			t.Run(client+" "+server, func(t *testing.T) {
				r := rig.Start(t, zmqthread.Config{})
				to, got := scribe(r)
				types := map[string]socket.Config{"REQ": {Type: socket.Req}, "DEALER": {Type: socket.Dealer},
					"REP": {Type: socket.Rep}, "ROUTER": {Type: socket.Router}}
				sc, cc := types[server], types[client]
				sc.Bind, sc.Deliver, sc.Trace = []string{r.Endpoint("tcp")}, socket.To(to), socket.TraceRequests
				s := r.Spawn(sc)
				cc.Connect, cc.Trace = r.At(s), socket.TraceRequests
				c := r.Spawn(cc)
				large := strings.Repeat("x", 200<<10)
				for i, body := range [][]string{{"a"}, {"a", "", "b"}, {"", "a"}, {large}, {"last", ""}} {
					n := i
					if i == 2 {
						n = -1
					}
					sender := actor.SenderContext(r.Root)
					if n >= 0 {
						sender = within{r.Root, headers(n)}
					}
					reply, err := messages.Ask(r.Ctx, sender, c, messages.Text(body...))
					if err != nil || len(reply.Frames) != len(body)+1 || string(reply.Frames[0]) != "re" ||
						string(reply.Frames[1]) != body[0] {
						t.Fatalf("%.100v %v", reply, err)
					}
					expect(t, got, n, body...)
				}
				future := actor.NewFuture(r.System, rig.Patience)
				r.Root.Send(c, &actor.MessageEnvelope{Header: headers(7), Message: messages.Text("f"), Sender: future.PID()})
				if reply, err := future.Result(); err != nil || reply.(*messages.Message).Text() != "re f" {
					t.Error(reply, err)
				}
				expect(t, got, 7, "f")
			})
		}
	}
}

// A reply to an actor, or to the receivers if nobody asked, belongs to the trace of its request.
func TestTraceOfReplies(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	server, served := scribe(r)
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(server), Trace: socket.TraceRequests})
	to, got := scribe(r)
	req := r.Spawn(socket.Config{Type: socket.Req, Connect: r.At(rep), Deliver: socket.To(to), Trace: socket.TraceRequests})
	asker, answered := scribe(r)
	large := strings.Repeat("x", 200<<10)
	for _, body := range []string{"hello", large} {
		r.Root.Send(req, &actor.MessageEnvelope{Header: headers(1), Message: messages.Text(body), Sender: asker})
		expect(t, answered, 1, "re", body)
		r.Root.Send(req, with(2, messages.Text(body)))
		expect(t, got, 2, "re", body)
		r.Root.Send(req, messages.Text(body))
		expect(t, got, -1, "re", body)
		for _, n := range []int{1, 2, -1} {
			expect(t, served, n, body)
		}
	}
}

// A batch of requests is many requests: one header for all of them.
func TestTraceOfBatchedRequests(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	server, served := scribe(r)
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(server), Trace: socket.TraceRequests})
	req := r.Spawn(socket.Config{Type: socket.Req, Connect: r.At(rep), Trace: socket.TraceRequests})
	batch := messages.NewBatch()
	for i := range 300 {
		batch.Append(fmt.Append(nil, i), bytes.Repeat([]byte("y"), 100))
	}
	r.Root.Send(req, with(3, batch))
	for i := range 300 {
		expect(t, served, 3, fmt.Sprint(i), strings.Repeat("y", 100))
	}
}

// Clients of several requests at a time, on both patterns: each reply to whom it belongs.
func TestTraceInParallel(t *testing.T) {
	for _, typ := range []string{"REQ", "DEALER"} {
		t.Run(typ, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			server, served := scribe(r)
			rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{r.Endpoint("tcp")}, Deliver: socket.To(server), Trace: socket.TraceRequests})
			cfg := socket.Config{Type: socket.Req, Connect: r.At(rep), Trace: socket.TraceRequests}
			if typ == "DEALER" {
				cfg.Type = socket.Dealer
			}
			c := r.Spawn(cfg)
			const askers, each = 8, 25
			done := make(chan error, askers)
			for a := range askers {
				go func() {
					for i := range each {
						n := a*each + i
						reply, err := messages.Ask(r.Ctx, within{r.Root, headers(n)}, c, messages.Text(fmt.Sprint(n)))
						if err == nil && reply.Text() != fmt.Sprint("re ", n) {
							err = fmt.Errorf("%d got %v", n, reply)
						}
						if err != nil {
							done <- err
							return
						}
					}
					done <- nil
				}()
			}
			for range askers {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
			seen := map[string]bool{}
			for range askers * each {
				g := <-served
				var n int
				fmt.Sscanf(g.frames, `["%d"]`, &n)
				if !maps.Equal(g.header, headers(n)) {
					t.Errorf("%v", g)
				}
				seen[g.frames] = true
			}
			if len(seen) != askers*each {
				t.Errorf("%d different requests", len(seen))
			}
		})
	}
}

// What goes on the wire a second time has the context of the first.
func TestTraceSurvivesARestart(t *testing.T) {
	for _, typ := range []string{"REQ", "DEALER"} {
		t.Run(typ, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			in := r.Collector()
			seen := make(chan string, 10)
			spy := r.Actor(func(c actor.Context) {
				if _, ok := c.Message().(*messages.Message); ok {
					seen <- c.MessageHeader().Get("traceparent") + c.MessageHeader().Get("tracestate")
					c.Forward(in.PID)
				}
			})
			rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(spy), Trace: socket.TraceRequests})
			cfg := socket.Config{Type: socket.Req, Connect: r.At(rep), Retry: true, Trace: socket.TraceRequests}
			if typ == "DEALER" {
				cfg.Type = socket.Dealer
			}
			pid := r.SpawnSupervised(quick(), cfg)
			answer := make(chan error, 1)
			go func() {
				reply, err := messages.Ask(r.Ctx, within{r.Root, headers(5)}, pid, messages.Text("hello"))
				if err == nil && reply.Text() != "well" {
					err = fmt.Errorf("got %v", reply)
				}
				answer <- err
			}()
			in.Message()
			r.Do(pid, &socket.Fail{Err: errors.New("lost")})
			_, mail := rig.Take[*messages.Message](in)
			mail.Respond(messages.Text("well"))
			if err := <-answer; err != nil {
				t.Error(err)
			}
			for range 2 {
				if s := <-seen; s != parent(5)+state {
					t.Errorf("%q", s)
				}
			}
			if l := r.Counts(pid); l.Resent != 1 {
				t.Errorf("%+v", l)
			}
			again := make(chan error, 1)
			go func() {
				_, err := messages.Ask(r.Ctx, r.Root, pid, messages.Text("again"))
				again <- err
			}()
			_, mail = rig.Take[*messages.Message](in)
			mail.Respond(messages.Text("well"))
			if err := <-again; err != nil {
				t.Error(err)
			}
		})
	}
}

// The Lazy Pirate with a context: late replies match nothing, every try has the same context.
func TestTraceLazyPirate(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	in := r.Collector()
	seen := make(chan string, 10)
	spy := r.Actor(func(c actor.Context) {
		if _, ok := c.Message().(*messages.Message); ok {
			seen <- c.MessageHeader().Get("traceparent")
			c.Forward(in.PID)
		}
	})
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(spy), Trace: socket.TraceRequests})
	req := r.SpawnSupervised(quick(), socket.Config{Type: socket.Req, Connect: r.At(rep), Trace: socket.TraceRequests,
		ReplyTimeout: 200 * time.Millisecond, Retries: 2})
	answer := make(chan error, 1)
	go func() {
		_, err := messages.Ask(r.Ctx, within{r.Root, headers(5)}, req, messages.Text("hello"))
		answer <- err
	}()
	for range 3 {
		in.Message()
		if s := <-seen; s != parent(5) {
			t.Error(s)
		}
	}
	if err := <-answer; !errors.Is(err, messages.ErrTimedOut) {
		t.Error(err)
	}
}

// A reply that comes too late is counted, and not taken for the next one's.
func TestTraceLateReply(t *testing.T) {
	for _, size := range []int{1, 200 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			in := r.Collector()
			rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(in.PID), Trace: socket.TraceRequests})
			req := r.Spawn(socket.Config{Type: socket.Req, Connect: r.At(rep), Trace: socket.TraceRequests, ReplyTimeout: 50 * time.Millisecond})
			if _, err := messages.Ask(r.Ctx, within{r.Root, headers(1)}, req, messages.Text("one")); !errors.Is(err, messages.ErrTimedOut) {
				t.Fatal(err)
			}
			_, first := rig.Take[*messages.Message](in)
			first.Respond(messages.Bytes(make([]byte, size)))
			rig.Until(t, "a second request is answered", func() bool { // for it has 50 ms, too
				answer := make(chan error, 1)
				go func() {
					reply, err := messages.Ask(r.Ctx, within{r.Root, headers(2)}, req, messages.Text("two"))
					if err == nil && reply.Text() != "two" {
						t.Errorf("%.20q", reply.Frames)
					}
					answer <- err
				}()
				_, second := rig.Take[*messages.Message](in)
				second.Respond(messages.Text("two"))
				return <-answer == nil
			})
			rig.Until(t, "the late reply is counted", func() bool { return r.Counts(req).Dropped["late"] > 0 })
		})
	}
}

func TestTraceConfig(t *testing.T) {
	for name, cfg := range map[string]socket.Config{
		"unknown":               {Type: socket.Req, Trace: 7},
		"below":                 {Type: socket.Req, Trace: -1},
		"PUSH has no requests":  {Type: socket.Push, Trace: socket.TraceRequests},
		"PULL has no requests":  {Type: socket.Pull, Trace: socket.TraceRequests},
		"PUB has no requests":   {Type: socket.Pub, Trace: socket.TraceRequests},
		"PAIR has no requests":  {Type: socket.Pair, Trace: socket.TraceRequests},
		"REQ with frames":       {Type: socket.Req, Trace: socket.TraceFrames},
		"REP with frames":       {Type: socket.Rep, Trace: socket.TraceFrames},
		"STREAM":                {Type: socket.Stream, Trace: socket.TraceRequests},
		"STREAM with frames":    {Type: socket.Stream, Trace: socket.TraceFrames},
		"a plain REQ":           {Type: socket.Req, Trace: socket.TraceRequests, Options: socket.Options{NoCorrelate: true}},
		"conflating":            {Type: socket.Push, Trace: socket.TraceFrames, Options: socket.Options{Conflate: true}},
		"frames of 500 at most": {Type: socket.Pull, Trace: socket.TraceFrames, Options: socket.Options{MaxMsgSize: 500}},
	} {
		var wrong *socket.ConfigError
		if err := cfg.Validate(); !errors.As(err, &wrong) || !errors.Is(err, messages.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, typ := range []socket.Config{{Type: socket.Req}, {Type: socket.Rep}, {Type: socket.Dealer}, {Type: socket.Router}} {
		typ.Trace = socket.TraceRequests
		if err := typ.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, typ := range []socket.Config{{Type: socket.Dealer}, {Type: socket.Router}, {Type: socket.Push}, {Type: socket.Pull},
		{Type: socket.Pub}, {Type: socket.Sub}, {Type: socket.XPub}, {Type: socket.XSub}, {Type: socket.Pair}} {
		typ.Trace = socket.TraceFrames
		if err := typ.Validate(); err != nil {
			t.Error(err)
		}
	}
	if got := fmt.Sprint([]socket.Trace{socket.TraceOff, socket.TraceRequests, socket.TraceFrames, 9}); got != "[off requests frames Trace(9)]" {
		t.Error(got)
	}
}

// framesAsText are frames as strings.
func framesAsText(frames [][]byte) []string {
	all := make([]string, len(frames))
	for i, f := range frames {
		all[i] = string(f)
	}
	return all
}

func areFrames(frames [][]byte, want ...string) bool { return slices.Equal(framesAsText(frames), want) }
