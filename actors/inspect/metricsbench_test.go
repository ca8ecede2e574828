package inspect_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/sockeye-mq/sockeye/actors/inspect"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// BenchmarkMetrics is a collection of the sums over 5,000 sockets, and of as many series.
func BenchmarkMetrics(b *testing.B) {
	r := rig.Start(b, zmqthread.Config{})
	var all []*actor.PID
	for n := range 5000 {
		all = append(all, r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{fmt.Sprintf("inproc://bench-%d", n)}}))
	}
	for _, pid := range all {
		r.At(pid)
	}
	for _, perSocket := range []bool{false, true} {
		b.Run(fmt.Sprintf("perSocket=%v", perSocket), func(b *testing.B) {
			reader := sdk.NewManualReader()
			provider := sdk.NewMeterProvider(sdk.WithReader(reader), sdk.WithCardinalityLimit(100_000))
			stop, err := inspect.Metrics(r.System, inspect.MetricsConfig{Provider: provider, PerSocket: perSocket})
			if err != nil {
				b.Fatal(err)
			}
			defer stop()
			var found metricdata.ResourceMetrics
			b.ReportAllocs()
			for b.Loop() {
				if err := reader.Collect(b.Context(), &found); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkAsk is an Ask of an actor, which has no ZeroMQ in it, with metrics and without.
func BenchmarkAsk(b *testing.B) {
	r := rig.Start(b, zmqthread.Config{})
	echo, ctx, m := r.Echo(), context.Background(), messages.Text("?")
	for _, mounted := range []bool{false, true} {
		b.Run(fmt.Sprintf("mounted=%v", mounted), func(b *testing.B) {
			if mounted {
				stop, err := inspect.Metrics(r.System, inspect.MetricsConfig{Provider: sdk.NewMeterProvider(sdk.WithReader(sdk.NewManualReader()))})
				if err != nil {
					b.Fatal(err)
				}
				defer stop()
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := messages.Ask(ctx, r.Root, echo, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
