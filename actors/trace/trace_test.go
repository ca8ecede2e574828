package trace_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/trace"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

func TestMain(m *testing.M) { rig.Main(m) }

// lab is a rig with a tracer whose spans are kept. Names are what the test calls its actors.
type lab struct {
	*rig.Rig
	tracer *trace.Tracer
	spans  *tracetest.SpanRecorder
	test   oteltrace.Tracer
}

func begin(t *testing.T) *lab {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	return &lab{rig.Start(t, zmqthread.Config{}), trace.New(trace.Config{Provider: provider, Name: named}), spans, provider.Tracer("test")}
}

// named is the last part of a PID's name.
func named(pid *actor.PID) string { return pid.Id[strings.LastIndex(pid.Id, "/")+1:] }

func (l *lab) actor(name string, receive actor.ReceiveFunc, opts ...actor.PropsOption) *actor.PID {
	l.T.Helper()
	pid, err := l.Root.SpawnNamed(actor.PropsFromFunc(receive, opts...), name)
	if err != nil {
		l.T.Fatal(err)
	}
	l.T.Cleanup(func() { l.Root.StopFuture(pid).Wait() })
	return pid
}

func (l *lab) socket(name string, cfg socket.Config) *actor.PID {
	l.T.Helper()
	pid, err := l.Root.SpawnNamed(socket.Props(l.Thread, cfg), name)
	if err != nil {
		l.T.Fatal(err)
	}
	return pid
}

// ended waits for so many spans.
func (l *lab) ended(n int) []sdktrace.ReadOnlySpan {
	l.T.Helper()
	rig.Until(l.T, fmt.Sprint("there are ", n, " spans"), func() bool { return len(l.spans.Ended()) >= n })
	return l.spans.Ended()
}

// tree writes spans below one another, those of one parent in the order of their names.
func tree(spans []sdktrace.ReadOnlySpan) string {
	var b strings.Builder
	var below func(parent oteltrace.SpanID, depth int)
	below = func(parent oteltrace.SpanID, depth int) {
		var all []sdktrace.ReadOnlySpan
		for _, s := range spans {
			if s.Parent().SpanID() == parent {
				all = append(all, s)
			}
		}
		slices.SortFunc(all, func(x, y sdktrace.ReadOnlySpan) int { return strings.Compare(x.Name(), y.Name()) })
		for _, s := range all {
			fmt.Fprintf(&b, "%s%s (%v)\n", strings.Repeat("  ", depth), s.Name(), s.SpanKind())
			below(s.SpanContext().SpanID(), depth+1)
		}
	}
	below(oteltrace.SpanID{}, 0)
	return b.String()
}

func (l *lab) expect(n int, want string) []sdktrace.ReadOnlySpan {
	l.T.Helper()
	spans := l.ended(n)
	if got := tree(spans); got != strings.TrimLeft(want, "\n") {
		l.T.Errorf("spans:\n%s\nwant:%s", got, want)
	}
	for _, s := range spans {
		if s.SpanContext().TraceID() != spans[0].SpanContext().TraceID() {
			l.T.Errorf("%s is of another trace", s.Name())
		}
	}
	return spans
}

// One trace from a test to an actor, over a Req and a Rep to another one, which asks a third over a Dealer and a
// Router while it serves, and all the way back.
func TestOneTrace(t *testing.T) {
	for _, c := range []struct {
		name       string
		near, next socket.Config
	}{
		{"Req, Rep", socket.Config{Type: socket.Req}, socket.Config{Type: socket.Rep}},
		{"Req, Router", socket.Config{Type: socket.Req}, socket.Config{Type: socket.Router}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := begin(t)
			stock := l.actor("stock", func(c actor.Context) {
				if m, ok := c.Message().(*messages.Message); ok {
					_, inner := l.test.Start(trace.Context(c), "look it up")
					inner.End()
					c.Respond(messages.Text("3 " + m.Text()))
				}
			}, l.tracer.Middleware())
			rep := l.socket("rep", socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(stock), Trace: socket.TraceRequests})
			dealer := l.socket("dealer", socket.Config{Type: socket.Dealer, Connect: l.At(rep), Trace: socket.TraceRequests})
			shop := l.actor("shop", func(c actor.Context) {
				if m, ok := c.Message().(*messages.Message); ok {
					reply, err := l.tracer.Ask(trace.Context(c), c, dealer, messages.Bytes(m.Body()...))
					if err != nil {
						reply = messages.Text(err.Error())
					}
					c.Respond(messages.Text("we have " + reply.Text()))
				}
			}, l.tracer.Middleware())
			c.next.Bind, c.next.Deliver, c.next.Trace = []string{"tcp://127.0.0.1:*"}, socket.To(shop), socket.TraceRequests
			server := l.socket("server", c.next)
			c.near.Connect, c.near.Trace = l.At(server), socket.TraceRequests
			req := l.socket("req", c.near)
			done := make(chan string, 1)
			client := l.actor("client", func(c actor.Context) {
				switch m := c.Message().(type) {
				case string:
					c.Request(req, messages.Text(m))
				case *messages.Message:
					done <- m.Text()
				}
			}, l.tracer.Middleware())
			ctx, root := l.test.Start(context.Background(), "the test")
			trace.Within(ctx, l.Root).Send(client, "pears")
			if got := <-done; got != "we have 3 pears" {
				t.Error(got)
			}
			root.End()
			l.expect(8, `
the test (internal)
  process client (consumer)
    send req (producer)
      process client (consumer)
      process shop (server)
        ask dealer (client)
          process stock (server)
            look it up (internal)
`)
			l.Shutdown()
		})
	}
}

// What follows the conventions: attributes, links, errors.
func TestSpans(t *testing.T) {
	l := begin(t)
	got := make(chan string, 8)
	sink := l.actor("sink", func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok {
			got <- m.Text()
			if m.Text() == "panic" {
				panic("on purpose")
			}
		}
	}, l.tracer.Middleware())
	pull := l.socket("pull", socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(sink), Trace: socket.TraceFrames})
	push := l.socket("push", socket.Config{Type: socket.Push, Connect: l.At(pull), Trace: socket.TraceFrames})
	if err := l.tracer.Put(l.Ctx, l.Root, push, messages.Text("hello", "you")); err != nil {
		t.Fatal(err)
	}
	<-got
	spans := l.expect(2, `
send push (producer)
  process sink (consumer)
`)
	slices.SortFunc(spans, func(x, y sdktrace.ReadOnlySpan) int { return -strings.Compare(x.Name(), y.Name()) })
	for i, want := range []map[attribute.Key]string{
		{"messaging.system": "zeromq", "messaging.operation.name": "send", "messaging.operation.type": "send",
			"messaging.destination.name": "push", "messaging.message.body.size": "8"},
		{"messaging.system": "zeromq", "messaging.operation.name": "process", "messaging.operation.type": "process",
			"messaging.destination.name": "sink", "messaging.message.body.size": "8"},
	} {
		if len(spans[i].Attributes()) != len(want) {
			t.Errorf("%v", spans[i].Attributes())
		}
		for _, a := range spans[i].Attributes() {
			if want[a.Key] != a.Value.String() {
				t.Errorf("%s: %s is %s", spans[i].Name(), a.Key, a.Value.String())
			}
		}
	}
	if links := spans[1].Links(); len(links) != 1 || links[0].SpanContext.SpanID() != spans[0].SpanContext().SpanID() || !spans[1].Parent().IsRemote() {
		t.Errorf("%v", links)
	}

	l.spans.Reset()
	l.tracer.Send(l.Ctx, l.Root, push, messages.Text("panic"))
	<-got
	spans = l.ended(2)
	if i := slices.IndexFunc(spans, func(s sdktrace.ReadOnlySpan) bool { return s.Status().Code == codes.Error }); i < 0 || spans[i].Name() != "process sink" {
		t.Errorf("no span has failed, or another: %d", i)
	}

	l.spans.Reset()
	_, err := l.tracer.Ask(l.Ctx, l.Root, push, messages.Text("x"))
	if s := l.ended(1)[0]; !errors.Is(err, messages.ErrUnsupported) || s.Status().Code != codes.Error || s.SpanKind() != oteltrace.SpanKindClient ||
		!slices.Contains(s.Attributes(), attribute.String("error.type", "UNSUPPORTED")) {
		t.Errorf("%v: %v %v", err, s.Status(), s.Attributes())
	}
	l.spans.Reset()
	ctx, cancel := context.WithCancel(l.Ctx)
	cancel()
	err = l.tracer.Put(ctx, l.Root, push, messages.Text("x"))
	if s := l.ended(1)[0]; !errors.Is(err, context.Canceled) || s.Status().Code != codes.Error {
		t.Errorf("%v: %v", err, s.Status())
	}
	l.Shutdown()
}

// An actor passes a trace on with whatever it sends, and changes no header of others.
func TestActorsPassItOn(t *testing.T) {
	l := begin(t)
	got := make(chan context.Context, 2)
	sink := l.actor("sink", func(c actor.Context) {
		if _, ok := c.Message().(string); ok {
			got <- trace.Context(c)
		}
	})
	relay := l.actor("relay", func(c actor.Context) {
		if m, ok := c.Message().(string); ok {
			c.Send(sink, m)
			c.Forward(sink)
		}
	}, l.tracer.Middleware())
	ctx, span := l.test.Start(context.Background(), "the test")
	e := &actor.MessageEnvelope{Header: map[string]string{"own": "x", "tracestate": "gone=1"}, Message: "hello"}
	trace.Within(ctx, l.Root).Send(relay, e)
	for range 2 {
		c := oteltrace.SpanContextFromContext(<-got)
		if c.TraceID() != span.SpanContext().TraceID() || c.SpanID() == span.SpanContext().SpanID() || c.TraceState().Len() != 0 {
			t.Errorf("%+v", c)
		}
	}
	if len(e.Header) != 2 {
		t.Error(e.Header)
	}
	span.End()
	l.expect(2, `
the test (internal)
  process relay (consumer)
`)
	// Without a trace nothing is made.
	l.Root.Send(relay, "hello")
	for range 2 {
		if c := oteltrace.SpanContextFromContext(<-got); c.IsValid() {
			t.Errorf("%+v", c)
		}
	}
	if n := len(l.spans.Ended()); n != 2 {
		t.Error(n)
	}
	l.Shutdown()
}

// Every way to send within a context.
func TestWithin(t *testing.T) {
	l := begin(t)
	type seen struct {
		context.Context
		sender *actor.PID
	}
	got := make(chan seen, 1)
	sink := l.actor("sink", func(c actor.Context) {
		if m, ok := c.Message().(string); ok {
			got <- seen{trace.Context(c), c.Sender()}
			if c.Sender() != nil && m == "answer" {
				c.Respond("yes")
			}
		}
	})
	ctx, span := l.test.Start(context.Background(), "the test")
	defer span.End()
	w := trace.Within(ctx, l.Root)
	for name, send := range map[string]func(){
		"Send":                    func() { w.Send(sink, "x") },
		"Request":                 func() { w.Request(sink, "x") },
		"RequestWithCustomSender": func() { w.RequestWithCustomSender(sink, "x", sink) },
		"RequestFuture": func() {
			if answer, err := w.RequestFuture(sink, "answer", time.Minute).Result(); answer != "yes" || err != nil {
				t.Error(answer, err)
			}
		},
	} {
		send()
		s := <-got
		if oteltrace.SpanContextFromContext(s).SpanID() != span.SpanContext().SpanID() {
			t.Errorf("%s: not within it", name)
		}
		if (s.sender != nil) != strings.HasPrefix(name, "RequestW") && name != "RequestFuture" {
			t.Errorf("%s: sender %v", name, s.sender)
		}
	}
	l.Shutdown()
}

// A batch has one span and no parent; its messages are counted.
func TestBatch(t *testing.T) {
	l := begin(t)
	got := make(chan int, 8)
	sink := l.actor("sink", func(c actor.Context) {
		if b, ok := c.Message().(*messages.Batch); ok {
			got <- int(b.Count)
		}
	}, l.tracer.Middleware())
	pull := l.socket("pull", socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(sink), Trace: socket.TraceFrames, Batch: 16})
	push := l.socket("push", socket.Config{Type: socket.Push, Connect: l.At(pull), Trace: socket.TraceFrames})
	l.tracer.Send(l.Ctx, l.Root, push, messages.Pack(messages.Text("a"), messages.Text("b")))
	for n := 0; n < 2; n += <-got {
	}
	for _, s := range l.ended(2) {
		if s.Parent().IsValid() {
			t.Errorf("%s has a parent", s.Name())
		}
	}
	l.Shutdown()
}
