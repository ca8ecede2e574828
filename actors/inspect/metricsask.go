package inspect

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/sockeye-mq/sockeye/internal/tap"
	"github.com/sockeye-mq/sockeye/messages"
)

var askDuration = instrument{"messaging.client.operation.duration", "s", "How long messages.Ask has taken, from the call until it returned."}

// askBounds are those of the conventions, which begin at 5 ms, and before them some for what ZeroMQ takes.
var askBounds = []float64{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
	0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// askTimer times messages.Ask.
type askTimer struct {
	histogram metric.Float64Histogram
	sets      map[string]metric.MeasurementOption // immutable: by error.type
}

func newAskTimer(meter metric.Meter, common []attribute.KeyValue) (*askTimer, error) {
	h, err := meter.Float64Histogram(askDuration.name, metric.WithUnit(askDuration.unit), metric.WithDescription(askDuration.what),
		metric.WithExplicitBucketBoundaries(askBounds...))
	if err != nil {
		return nil, err
	}
	t := &askTimer{h, map[string]metric.MeasurementOption{}}
	common = slices.Concat(common, []attribute.KeyValue{messagingSystem, operation("ask")})
	t.sets[""] = metric.WithAttributeSet(attribute.NewSet(slices.Clone(common)...))
	for _, e := range append(errorTypes, errorType{nil, otherError}) {
		t.sets[e.name] = metric.WithAttributeSet(attribute.NewSet(slices.Concat(common, []attribute.KeyValue{attribute.String("error.type", e.name)})...))
	}
	return t, nil
}

func (t *askTimer) listen(system *actor.ActorSystem) (remove func()) {
	return tap.Asks(system, func(ctx context.Context, took time.Duration, err error) {
		t.histogram.Record(ctx, took.Seconds(), t.sets[typeOf(err)])
	})
}

type errorType struct {
	err  error
	name string
}

// otherError is the conventions' word for what has no other.
const otherError = "_OTHER"

// errorTypes are the words for error.type, of which there must be few. The first that fits is it: a socket that has
// stopped says why, if it can.
var errorTypes = []errorType{
	{context.DeadlineExceeded, "timeout"},
	{context.Canceled, "canceled"},
	{messages.ErrTimedOut, "no_reply"},
	{messages.ErrCircuitOpen, "circuit_open"},
	{messages.ErrFull, "full"},
	{messages.ErrUnreachable, "unreachable"},
	{messages.ErrTooLarge, "too_large"},
	{messages.ErrMalformed, "malformed"},
	{messages.ErrWrongDirection, "wrong_direction"},
	{messages.ErrUnsupported, "unsupported"},
	{messages.ErrNoRequest, "no_request"},
	{messages.ErrRefused, "refused"},
	{messages.ErrDropped, "dropped"},
	{messages.ErrNotOwner, "not_owner"},
	{messages.ErrConfig, "config"},
	{messages.ErrNilPID, "nil_pid"},
	{messages.ErrFailed, "failed"},
	{messages.ErrFlushing, "stopped"},
	{messages.ErrStopped, "stopped"},
}

func typeOf(err error) string {
	if err == nil {
		return ""
	}
	for _, e := range errorTypes {
		if errors.Is(err, e.err) {
			return e.name
		}
	}
	return otherError
}
