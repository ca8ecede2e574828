package trace

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/sockeye-mq/sockeye/messages"
)

// Middleware is an option for an actor's props: [Tracer.Receiver] and [Tracer.Sender]. Sockets themselves
// need none.
//
//	system.Root.Spawn(actor.PropsFromFunc(receive, tracer.Middleware()))
func (t *Tracer) Middleware() actor.PropsOption {
	return func(p *actor.Props) {
		actor.WithReceiverMiddleware(t.Receiver())(p)
		actor.WithSenderMiddleware(t.Sender())(p)
	}
}

// Receiver makes a span for every *messages.Message and *messages.Batch that an actor processes, and for whatever
// else has a context. It is below the span of whoever has sent it, and ends when Receive returns, also by a
// panic, which is its error then. For a request of a Rep's or a Router's it is a server's, else a consumer's.
// A Batch has no context (docs/traces.md), so its span begins a trace.
func (t *Tracer) Receiver() actor.ReceiverMiddleware {
	return func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(c actor.ReceiverContext, e *actor.MessageEnvelope) {
			ctx := extract(e.Header)
			from := oteltrace.SpanContextFromContext(ctx)
			if !from.IsValid() && !isData(e.Message) {
				next(c, e)
				return
			}
			ctx, span := t.process(ctx, from, c.Self(), e.Message)
			finished := false
			defer func() {
				if !finished {
					span.SetStatus(codes.Error, "panic")
				}
				span.End()
			}()
			next(c, inject(ctx, e))
			finished = true
		}
	}
}

func (t *Tracer) process(ctx context.Context, from oteltrace.SpanContext, self *actor.PID, m any) (context.Context, oteltrace.Span) {
	about := append(t.about("process", self, m), semconv.MessagingOperationTypeProcess)
	options := []oteltrace.SpanStartOption{oteltrace.WithAttributes(about...)}
	switch {
	case isRequest(m):
		options = append(options, oteltrace.WithSpanKind(oteltrace.SpanKindServer))
	case from.IsValid(): // the conventions ask for a link beside the parent
		options = append(options, oteltrace.WithSpanKind(oteltrace.SpanKindConsumer), oteltrace.WithLinks(oteltrace.Link{SpanContext: from}))
	default:
		options = append(options, oteltrace.WithSpanKind(oteltrace.SpanKindConsumer))
	}
	return t.tracer.Start(ctx, "process "+t.name(self), options...)
}

// Sender has what an actor sends belong to the span of the message in hand. Messages, batches and offers get a
// producer span of their own below it, unless they answer the message: that is what its span is about. What has
// a context already keeps it.
func (t *Tracer) Sender() actor.SenderMiddleware {
	return func(next actor.SenderFunc) actor.SenderFunc {
		return func(c actor.SenderContext, to *actor.PID, e *actor.MessageEnvelope) {
			ctx := Context(c)
			switch {
			case e.GetHeader("traceparent") != "" || to == nil:
			case isData(e.Message) && to.RequestId == 0:
				var span oteltrace.Span
				ctx, span = t.out(ctx, "send", oteltrace.SpanKindProducer, to, e.Message)
				defer span.End()
				e = inject(ctx, e)
			default:
				e = inject(ctx, e)
			}
			next(c, to, e)
		}
	}
}

func isData(m any) bool {
	switch m.(type) {
	case *messages.Message, *messages.Batch, *messages.Offer:
		return true
	}
	return false
}

// isRequest reports whether somebody waits for the answer: what a Rep delivers, and what a Router delivers behind a
// REQ's envelope.
func isRequest(m any) bool {
	r, ok := m.(*messages.Message)
	return ok && r.GetRequest() != 0 && r.GetEnvelope() != 1
}
