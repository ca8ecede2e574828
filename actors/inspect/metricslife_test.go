package inspect_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"

	"github.com/sockeye-mq/sockeye/actors/inspect"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// With PerSocket every socket has a series, which ends with it.
func TestMetricsPerSocket(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	s := mount(t, r, inspect.MetricsConfig{PerSocket: true})
	var all []*actor.PID
	for n := range 20 {
		all = append(all, r.Spawn(socket.Config{Type: socket.Pair, Bind: []string{fmt.Sprintf("inproc://per-%d", n)}}))
	}
	for _, pid := range all {
		r.At(pid)
	}
	x := s.collect()
	for _, pid := range all {
		if n := x.sum("sockeye.socket.count", "sockeye.socket.state=open", "sockeye.socket.id="+pid.Id); n != 1 {
			t.Error(pid, n)
		}
	}
	r.Stop(all[0])
	rig.Until(t, "its series have ended", func() bool {
		x := s.collect()
		return x.sum("sockeye.socket.count") == 19 && x.sum("sockeye.socket.count", "sockeye.socket.id="+all[0].Id) == 0 && x.sum("sockeye.socket.outbox.limit") == 19*4096
	})
}

// Sums never fall while sockets come and go, whoever collects, and at the end they are all that ever was.
func TestMetricsNeverFall(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	var scrapes []*scrape
	for range 2 {
		scrapes = append(scrapes, mount(t, r, inspect.MetricsConfig{}))
	}
	done := make(chan bool)
	var collecting sync.WaitGroup
	for _, s := range scrapes {
		collecting.Go(func() {
			before := series{}
			for over := false; !over; {
				select {
				case <-done:
					over = true // and look once more
				default:
				}
				now := s.collect()
				for k, v := range before {
					counts := strings.Contains(k, ".messages{") || strings.HasPrefix(k, "sockeye.socket.io{") || strings.HasPrefix(k, "sockeye.thread.")
					if n, ok := now[k]; counts && (!ok || n < v) {
						t.Errorf("%s was %v and is %v, %v", k, v, n, ok)
					}
				}
				before = now
			}
		})
	}
	const rounds, each = 30, 50
	in := r.Collector()
	for n := range rounds {
		at := []string{fmt.Sprintf("inproc://fall-%d", n)}
		pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: at, Deliver: socket.To(in.PID)})
		push := r.Spawn(socket.Config{Type: socket.Push, Connect: at})
		for range each {
			r.Root.Send(push, messages.Text("12345"))
		}
		if n%2 == 0 { // else what is left is dropped, and counted
			r.Poison(push)
			in.Messages(each)
		}
		r.Stop(push)
		r.Stop(pull)
	}
	close(done)
	collecting.Wait()
	rig.Until(t, "every thread has said its last word", func() bool {
		for _, s := range scrapes {
			x := s.collect()
			sent, left := x.sum("messaging.client.sent.messages"), x.sum("sockeye.socket.dropped.messages", "network.io.direction=transmit")
			if x.sum("sockeye.socket.accepted.messages") != rounds*each || sent+left != rounds*each || x.sum("sockeye.socket.io", "network.io.direction=transmit") != 5*sent ||
				x.sum("sockeye.socket.received.messages") != x.sum("messaging.client.consumed.messages")+x.sum("sockeye.socket.dropped.messages", "network.io.direction=receive") ||
				sent < rounds*each/2 {
				return false
			}
		}
		return true
	})
}

// Two systems may share a provider.
func TestMetricsOfTwoSystems(t *testing.T) {
	reader := sdk.NewManualReader()
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	s := &scrape{t: t, reader: reader}
	for _, name := range []string{"one", "other"} {
		r := rig.Start(t, zmqthread.Config{Name: "same"})
		stop, err := inspect.Metrics(r.System, inspect.MetricsConfig{Provider: provider, Attributes: []attribute.KeyValue{attribute.String("system", name)}})
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		for n := range len(name) {
			r.At(r.Spawn(socket.Config{Type: socket.Pub, Bind: []string{fmt.Sprintf("inproc://two-%d", n)}}))
		}
	}
	x := s.collect()
	for _, name := range []string{"one", "other"} {
		if n := x["sockeye.socket.count{sockeye.socket.state=open,sockeye.socket.type=PUB,sockeye.thread.id=same,system="+name+"}"]; n != float64(len(name)) {
			t.Error(name, n, x)
		}
	}
}

// bad is a provider whose meters make nothing.
type bad struct{ metric.MeterProvider }

func (b bad) Meter(string, ...metric.MeterOption) metric.Meter {
	return badMeter{b.MeterProvider.Meter("")}
}

type badMeter struct{ metric.Meter }

func (badMeter) Int64ObservableCounter(string, ...metric.Int64ObservableCounterOption) (metric.Int64ObservableCounter, error) {
	return nil, errors.New("no such luck")
}

func TestMetricsWithoutInstruments(t *testing.T) {
	_, err := inspect.Metrics(rig.System(t), inspect.MetricsConfig{Provider: bad{sdk.NewMeterProvider()}})
	if err == nil || !strings.Contains(err.Error(), "metrics: no such luck") {
		t.Error(err)
	}
}
