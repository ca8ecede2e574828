package trace

import (
	"context"
	"errors"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/sockeye-mq/sockeye/messages"
)

// Config of a [Tracer]. The zero value of every field is a default.
type Config struct {
	// Provider makes the spans. Default: the global one, otel.GetTracerProvider.
	Provider oteltrace.TracerProvider
	// Name is what spans call an actor or a socket: their names, and messaging.destination.name. There should
	// be few different ones. Default: the PID's id, which for an actor without a name of its own is a number.
	Name func(*actor.PID) string
}

// Tracer makes spans of messages. It is safe for concurrent use.
type Tracer struct {
	tracer oteltrace.Tracer
	name   func(*actor.PID) string
}

// scope is what spans say they were made by.
const scope = "github.com/sockeye-mq/sockeye/actors/trace"

// New returns a tracer.
func New(cfg Config) *Tracer {
	if cfg.Provider == nil {
		cfg.Provider = otel.GetTracerProvider()
	}
	if cfg.Name == nil {
		cfg.Name = (*actor.PID).GetId
	}
	return &Tracer{cfg.Provider.Tracer(scope, oteltrace.WithSchemaURL(semconv.SchemaURL)), cfg.Name}
}

// Ask is messages.Ask in a client span below that of ctx, which ends with the reply.
func (t *Tracer) Ask(ctx context.Context, sender actor.SenderContext, pid *actor.PID, m *messages.Message) (*messages.Message, error) {
	ctx, span := t.out(ctx, "ask", oteltrace.SpanKindClient, pid, m)
	defer span.End()
	reply, err := messages.Ask(ctx, Within(ctx, sender), pid, m)
	fail(span, err)
	return reply, err
}

// Put is messages.Put in a producer span below that of ctx, which ends when ZeroMQ has taken m.
func (t *Tracer) Put(ctx context.Context, sender actor.SenderContext, pid *actor.PID, m any) error {
	ctx, span := t.out(ctx, "send", oteltrace.SpanKindProducer, pid, m)
	defer span.End()
	err := messages.Put(ctx, Within(ctx, sender), pid, m)
	fail(span, err)
	return err
}

// Send is sender.Send in a producer span below that of ctx, which ends at once.
func (t *Tracer) Send(ctx context.Context, sender actor.SenderContext, pid *actor.PID, m any) {
	ctx, span := t.out(ctx, "send", oteltrace.SpanKindProducer, pid, m)
	defer span.End()
	Within(ctx, sender).Send(pid, m)
}

// out starts the span of something that is sent.
func (t *Tracer) out(ctx context.Context, operation string, kind oteltrace.SpanKind, to *actor.PID, m any) (context.Context, oteltrace.Span) {
	about := append(t.about(operation, to, m), semconv.MessagingOperationTypeSend)
	return t.tracer.Start(ctx, operation+" "+t.name(to), oteltrace.WithSpanKind(kind), oteltrace.WithAttributes(about...))
}

// about is what a span says of a message.
func (t *Tracer) about(operation string, pid *actor.PID, m any) []attribute.KeyValue {
	about := []attribute.KeyValue{
		semconv.MessagingSystemKey.String("zeromq"), semconv.MessagingOperationName(operation), semconv.MessagingDestinationName(t.name(pid)),
	}
	if o, ok := m.(*messages.Offer); ok {
		if m = o.GetMessage(); o.GetMessage() == nil {
			m = o.GetBatch()
		}
	}
	switch m := m.(type) {
	case *messages.Message:
		size := 0
		for _, f := range m.Body() {
			size += len(f)
		}
		return append(about, semconv.MessagingMessageBodySize(size))
	case *messages.Batch:
		return append(about, semconv.MessagingBatchMessageCount(int(m.GetCount())))
	}
	return about
}

// fail notes an error.
func fail(span oteltrace.Span, err error) {
	if err == nil {
		return
	}
	span.SetStatus(codes.Error, err.Error())
	var no *messages.Rejected
	if errors.As(err, &no) {
		span.SetAttributes(semconv.ErrorTypeKey.String(no.GetReason().String()))
		return
	}
	span.SetAttributes(semconv.ErrorType(err))
}
