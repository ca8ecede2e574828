package against

import (
	"os"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/peer"
)

func BenchmarkWireOnly(b *testing.B) {
	system, shutdown := carrier("wire")
	defer shutdown()
	far := peer.StartEnv(b, []string{benchFar + "=wire"}, os.Args[0])
	to := actor.NewPID(far.Await("address "), "echo")
	pour(b, system, to, 20_000, 4000)
	var rate, rtt []float64
	for range 5 {
		rate = append(rate, pour(b, system, to, 300_000, 4000))
		rtt = append(rtt, pingPong(b, system, to, 2000))
	}
	b.ReportMetric(median(rate), "msg/s")
	b.ReportMetric(median(rtt), "p50-µs")
}
