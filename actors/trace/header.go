package trace

import (
	"context"
	"maps"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel/propagation"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// w3c is what the headers of a message say, and what travels on the wire. Baggage does not.
var w3c propagation.TraceContext

// headed is what has a message's header: an actor.Context, an actor.SenderContext.
type headed interface {
	MessageHeader() actor.ReadonlyMessageHeader
}

// Context is the span that the message in hand belongs to: in an actor with [Tracer.Middleware] the one of its
// processing, in any other the one of whoever has sent it. Use it for spans of your own, and for calls that
// take a context. Without a trace it is context.Background().
func Context(c headed) context.Context {
	return extract(c.MessageHeader())
}

func extract(h actor.ReadonlyMessageHeader) context.Context {
	if h == nil {
		return context.Background()
	}
	carrier := propagation.MapCarrier{}
	for _, key := range w3c.Fields() {
		if value := h.Get(key); value != "" {
			carrier[key] = value
		}
	}
	return w3c.Extract(context.Background(), carrier)
}

// inject is an envelope like e whose header has the span of ctx. e stays as it was: others may have it, too.
func inject(ctx context.Context, e *actor.MessageEnvelope) *actor.MessageEnvelope {
	if !oteltrace.SpanContextFromContext(ctx).IsValid() {
		return e
	}
	header := make(map[string]string, len(e.Header)+2)
	maps.Copy(header, e.Header)
	for _, key := range w3c.Fields() { // no tracestate of another context's
		delete(header, key)
	}
	w3c.Inject(ctx, propagation.MapCarrier(header))
	return &actor.MessageEnvelope{Header: header, Message: e.Message, Sender: e.Sender}
}

// Within returns a sender like sender whose messages belong to the span of ctx: for messages.Call, for
// whatever else takes a sender, and to send an actor something that is to be traced. It makes no spans.
func Within(ctx context.Context, sender actor.SenderContext) actor.SenderContext {
	return &within{sender, ctx}
}

type within struct {
	actor.SenderContext
	ctx context.Context
}

func (w *within) send(to *actor.PID, message any, from *actor.PID) {
	e, whole := message.(*actor.MessageEnvelope)
	if !whole {
		e = &actor.MessageEnvelope{Message: message, Sender: from}
	}
	w.SenderContext.Send(to, inject(w.ctx, e))
}

func (w *within) Send(to *actor.PID, message any)    { w.send(to, message, nil) }
func (w *within) Request(to *actor.PID, message any) { w.send(to, message, w.Self()) }

func (w *within) RequestWithCustomSender(to *actor.PID, message any, from *actor.PID) {
	w.send(to, message, from)
}

func (w *within) RequestFuture(to *actor.PID, message any, timeout time.Duration) *actor.Future {
	f := actor.NewFuture(w.ActorSystem(), timeout)
	w.send(to, message, f.PID())
	return f
}
