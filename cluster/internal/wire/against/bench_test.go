// Package against measures the Wire beside Proto.Actor's Remote.
package against

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/sockeye-mq/sockeye/cluster/internal/wire"
	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/messages"
)

// Two processes each, one over the Wire and one over Proto.Actor's Remote, which is configured as it runs
// best (facts P13). Run with -bench . -benchtime 1x; the results are ratios of medians of interleaved rounds.

const benchFar = "SOCKEYE_BENCH_FAR"

func TestMain(m *testing.M) {
	if kind := os.Getenv(benchFar); kind != "" {
		benchPeer(kind)
		return
	}
	os.Exit(m.Run())
}

func quiet() *actor.ActorSystem {
	return actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
}

// carrier is a system that reaches others, and how it is shut down.
func carrier(kind string) (*actor.ActorSystem, func()) {
	system := quiet()
	if kind == "remote" {
		r := remote.NewRemote(system, remote.Configure("127.0.0.1", 0,
			remote.WithEndpointWriterQueueSize(1024), remote.WithEndpointWriterBatchSize(100), remote.WithEndpointManagerBatchSize(100),
			remote.WithServerOptions(grpc.MaxRecvMsgSize(64<<20)),
			remote.WithDialOptions(grpc.WithTransportCredentials(insecure.NewCredentials()))))
		r.Start()
		return system, func() { r.Shutdown(false) }
	}
	w, err := wire.Start(system, wire.Config{})
	if err != nil {
		panic(err)
	}
	return system, func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = w.Shutdown(ctx)
	}
}

// benchPeer is the other process: it counts and echoes.
func benchPeer(kind string) {
	system, shutdown := carrier(kind)
	_, err := system.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if m, ok := c.Message().(*messages.Message); ok && c.Sender() != nil {
			c.Respond(m)
		}
	}), "echo")
	if err != nil {
		panic(err)
	}
	fmt.Println("address " + system.Address())
	_, _ = fmt.Scanln()
	shutdown()
}

// pour sends n messages, no more than window of them ahead of what was processed, and returns messages a second.
func pour(b *testing.B, system *actor.ActorSystem, to *actor.PID, n, window int) float64 {
	m := messages.Bytes(make([]byte, 64))
	begun := time.Now()
	var touches []*actor.Future
	for i := range n {
		system.Root.Send(to, m)
		if i%(window/4) == window/4-1 {
			touches = append(touches, system.Root.RequestFuture(to, &actor.Touch{}, 20*time.Second))
			if len(touches) > 3 {
				if _, err := touches[0].Result(); err != nil {
					b.Fatal(err)
				}
				touches = touches[1:]
			}
		}
	}
	for _, f := range touches {
		if _, err := f.Result(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(begun).Seconds()
}

// pingPong returns the median of n requests, in microseconds.
func pingPong(b *testing.B, system *actor.ActorSystem, to *actor.PID, n int) float64 {
	var all []time.Duration
	m := messages.Bytes(make([]byte, 64))
	for range n {
		begun := time.Now()
		if _, err := system.Root.RequestFuture(to, m, 10*time.Second).Result(); err != nil {
			b.Fatal(err)
		}
		all = append(all, time.Since(begun))
	}
	slices.Sort(all)
	return float64(all[len(all)/2].Nanoseconds()) / 1e3
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}

// BenchmarkAgainstRemote reports what the Wire does for each that Remote does.
func BenchmarkAgainstRemote(b *testing.B) {
	rate, rtt := map[string][]float64{}, map[string][]float64{}
	type end struct {
		system *actor.ActorSystem
		to     *actor.PID
	}
	ends := map[string]end{}
	kinds := []string{"remote", "wire"}
	for _, kind := range kinds {
		system, shutdown := carrier(kind)
		defer shutdown()
		far := peer.StartEnv(b, []string{benchFar + "=" + kind}, os.Args[0])
		ends[kind] = end{system, actor.NewPID(far.Await("address "), "echo")}
		pour(b, system, ends[kind].to, 20_000, 4000)
	}
	b.ResetTimer()
	for range b.N {
		for range 7 {
			for _, kind := range kinds {
				e := ends[kind]
				rate[kind] = append(rate[kind], pour(b, e.system, e.to, 200_000, 4000))
				rtt[kind] = append(rtt[kind], pingPong(b, e.system, e.to, 1000))
			}
		}
	}
	for _, kind := range kinds {
		b.ReportMetric(median(rate[kind]), kind+"-msg/s")
		b.ReportMetric(median(rtt[kind]), kind+"-p50-µs")
	}
	b.ReportMetric(median(rate["wire"])/median(rate["remote"]), "throughput-ratio")
	b.ReportMetric(median(rtt["wire"])/median(rtt["remote"]), "p50-ratio")
	if os.Getenv("SOCKEYE_BENCH_ROUNDS") != "" {
		text, _ := json.Marshal(map[string]any{"rate": rate, "rtt": rtt})
		b.Log(strings.ReplaceAll(string(text), ",", ", "))
	}
}
