package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"
)

// tree is an exporter that keeps spans.
type tree struct {
	mu    sync.Mutex
	spans []sdktrace.ReadOnlySpan // guarded by mu
	more  chan struct{}           // guarded by mu: closed when there is another; nil: nobody waits
}

// ExportSpans implements sdktrace.SpanExporter.
func (t *tree) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spans = append(t.spans, spans...)
	if t.more != nil {
		close(t.more)
		t.more = nil
	}
	return nil
}

// Shutdown implements sdktrace.SpanExporter.
func (t *tree) Shutdown(context.Context) error { return nil }

// wait waits for n spans.
func (t *tree) wait(ctx context.Context, n int) ([]sdktrace.ReadOnlySpan, error) {
	for {
		t.mu.Lock()
		if len(t.spans) >= n {
			defer t.mu.Unlock()
			return slices.Clone(t.spans), nil
		}
		if t.more == nil {
			t.more = make(chan struct{})
		}
		more := t.more
		t.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %d spans: %w", n, ctx.Err())
		}
	}
}

// print prints n spans below one another, as they began.
func (t *tree) print(ctx context.Context, out io.Writer, n int) error {
	spans, err := t.wait(ctx, n)
	if err != nil {
		return err
	}
	slices.SortFunc(spans, func(x, y sdktrace.ReadOnlySpan) int { return x.StartTime().Compare(y.StartTime()) })
	traces := map[oteltrace.TraceID]bool{}
	for _, s := range spans {
		traces[s.SpanContext().TraceID()] = true
	}
	fmt.Fprintf(out, "%d spans, %d trace(s)\n", len(spans), len(traces))
	below(out, spans, oteltrace.SpanID{}, 1)
	return nil
}

func below(out io.Writer, spans []sdktrace.ReadOnlySpan, parent oteltrace.SpanID, depth int) {
	for _, s := range spans {
		if s.Parent().SpanID() == parent {
			fmt.Fprintf(out, "%s%s (%v)\n", strings.Repeat("  ", depth), s.Name(), s.SpanKind())
			below(out, spans, s.SpanContext().SpanID(), depth+1)
		}
	}
}
