package inspect_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/sockeye-mq/sockeye/actors/inspect"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// scrape has metrics mounted and reads them.
type scrape struct {
	t      *testing.T
	reader *sdk.ManualReader
	stop   func() error
}

func mount(t *testing.T, r *rig.Rig, cfg inspect.MetricsConfig) *scrape {
	t.Helper()
	s := &scrape{t: t, reader: sdk.NewManualReader()}
	cfg.Provider = sdk.NewMeterProvider(sdk.WithReader(s.reader), sdk.WithCardinalityLimit(100_000))
	stop, err := inspect.Metrics(r.System, cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.stop = stop
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// series are the values of one collection, by the instrument's name and the attributes: "name{a=b,c=d}". Of a histogram it
// is how many were recorded.
type series map[string]float64

func (s *scrape) collect() series {
	s.t.Helper()
	found := series{}
	for _, m := range s.metrics() {
		switch d := m.Data.(type) {
		case metricdata.Sum[int64]:
			points(found, m.Name, d.DataPoints)
		case metricdata.Sum[float64]:
			points(found, m.Name, d.DataPoints)
		case metricdata.Gauge[float64]:
			points(found, m.Name, d.DataPoints)
		case metricdata.Histogram[float64]:
			for _, p := range d.DataPoints {
				found[key(m.Name, p.Attributes)] = float64(p.Count)
			}
		default:
			s.t.Fatalf("%s is a %T", m.Name, d)
		}
	}
	return found
}

func (s *scrape) metrics() []metricdata.Metrics {
	s.t.Helper()
	var all metricdata.ResourceMetrics
	if err := s.reader.Collect(s.t.Context(), &all); err != nil {
		s.t.Fatal(err)
	}
	if len(all.ScopeMetrics) == 0 {
		return nil
	}
	return all.ScopeMetrics[0].Metrics
}

func points[N int64 | float64](to series, name string, all []metricdata.DataPoint[N]) {
	for _, p := range all {
		to[key(name, p.Attributes)] = float64(p.Value)
	}
}

func key(name string, attributes attribute.Set) string {
	return name + "{" + attributes.Encoded(attribute.DefaultEncoder()) + "}"
}

// sum is that of all series of an instrument that have all these attributes.
func (s series) sum(name string, attributes ...string) (sum float64) {
	for k, v := range s {
		found, rest, _ := strings.Cut(k, "{")
		has := strings.Split(strings.TrimSuffix(rest, "}"), ",")
		if found == name && !slices.ContainsFunc(attributes, func(a string) bool { return !slices.Contains(has, a) }) {
			sum += v
		}
	}
	return sum
}

// What OpenTelemetry is told is what the sockets have done.
func TestMetrics(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{Name: "lane"})
	s := mount(t, r, inspect.MetricsConfig{Attributes: []attribute.KeyValue{attribute.String("who", "me")}})
	in := r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(in.PID), Window: 64})
	push := r.SpawnSupervised(&supervision.Backoff{Min: 1, Max: 1}, socket.Config{Type: socket.Push, Connect: r.At(pull), Outbox: socket.Limit{Messages: 100, Bytes: 1000}})
	for range 10 {
		r.Put(push, messages.Text("12345"))
		in.Message()
	}
	r.Root.Send(push, &socket.Fail{Err: errors.New("so that it restarts")})
	rig.Until(t, "the push is back", func() bool {
		x := s.collect()
		return x["sockeye.socket.restarts{sockeye.socket.type=PUSH,sockeye.thread.id=lane,who=me}"] == 1 &&
			x["sockeye.socket.count{sockeye.socket.state=open,sockeye.socket.type=PUSH,sockeye.thread.id=lane,who=me}"] == 1
	})
	r.Peers(pull, 1)
	r.Peers(push, 1)
	r.Do(push, &socket.Pause{})
	for range 5 {
		r.Root.Send(push, messages.Bytes(make([]byte, 50)))
	}
	x := s.collect()
	for what, want := range map[string]float64{
		"messaging.client.sent.messages{messaging.operation.name=send,messaging.system=zeromq,sockeye.socket.type=PUSH,":        10,
		"messaging.client.consumed.messages{messaging.operation.name=deliver,messaging.system=zeromq,sockeye.socket.type=PULL,": 10,
		"sockeye.socket.accepted.messages{sockeye.socket.type=PUSH,":                                                            15,
		"sockeye.socket.received.messages{sockeye.socket.type=PULL,":                                                            10,
		"sockeye.socket.io{network.io.direction=transmit,sockeye.socket.type=PUSH,":                                             50,
		"sockeye.socket.io{network.io.direction=receive,sockeye.socket.type=PULL,":                                              50,
		"sockeye.socket.outbox.usage{sockeye.socket.type=PUSH,":                                                                 5,
		"sockeye.socket.outbox.limit{sockeye.socket.type=PUSH,":                                                                 100,
		"sockeye.socket.outbox.memory.usage{sockeye.socket.type=PUSH,":                                                          250,
		"sockeye.socket.outbox.memory.limit{sockeye.socket.type=PUSH,":                                                          1000,
		"sockeye.socket.outbox.utilization{sockeye.socket.type=PUSH,":                                                           0.25,
		"sockeye.socket.window.limit{sockeye.socket.type=PULL,":                                                                 64,
		"sockeye.socket.peer.count{sockeye.socket.type=PULL,":                                                                   1,
		"sockeye.socket.count{sockeye.socket.state=paused,sockeye.socket.type=PUSH,":                                            1,
		"sockeye.socket.count{sockeye.socket.state=open,sockeye.socket.type=PUSH,":                                              0,
		"sockeye.socket.reopens{sockeye.socket.type=PUSH,":                                                                      1,
		"sockeye.socket.disconnects{sockeye.socket.type=PULL,":                                                                  1,
		"sockeye.socket.dropped.messages{network.io.direction=transmit,sockeye.drop.reason=overflow,sockeye.socket.type=PUSH,":  0, // there from the beginning
		"sockeye.socket.dropped.messages{network.io.direction=receive,sockeye.drop.reason=late,sockeye.socket.type=PULL,":       0,
	} {
		if got, ok := x[what+"sockeye.thread.id=lane,who=me}"]; !ok || got != want {
			t.Errorf("%s: %v %v, want %v", what, got, ok, want)
		}
	}
	for _, turn := range []string{"rounds", "sleeps", "wakeups"} {
		if x["sockeye.thread."+turn+"{sockeye.thread.id=lane,who=me}"] <= 0 {
			t.Error(turn)
		}
	}
	busy, idle := x.sum("sockeye.thread.time", "sockeye.thread.state=busy"), x.sum("sockeye.thread.time", "sockeye.thread.state=idle")
	if busy <= 0 || idle <= 0 || busy+idle > 60 {
		t.Error(busy, idle)
	}
	r.Do(push, &socket.Resume{})
}

// What is full, behind, stalled, waiting, dropped and refused is seen.
func TestMetricsOfTrouble(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	s := mount(t, r, inspect.MetricsConfig{})
	hold := make(chan bool)
	slow := r.Actor(func(c actor.Context) {
		if _, ok := c.Message().(*messages.Message); ok {
			<-hold
		}
	})
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://trouble"}, Deliver: socket.To(slow), Window: 4, Options: socket.Options{RecvHWM: 1}})
	push := r.Spawn(socket.Config{Type: socket.Push, Connect: []string{"inproc://trouble"}, Outbox: socket.Limit{Messages: 8}, Overflow: socket.DropNewest, Options: socket.Options{SendHWM: 1}})
	r.Peers(pull, 1)
	rig.Until(t, "everything is full", func() bool {
		r.Root.Send(push, messages.Text("one more"))
		x := s.collect()
		return x.sum("sockeye.socket.dropped.messages", "sockeye.drop.reason=overflow", "network.io.direction=transmit", "sockeye.socket.type=PUSH") > 0 &&
			x.sum("sockeye.socket.outbox.utilization", "sockeye.socket.type=PUSH") == 1 &&
			x.sum("sockeye.socket.window.utilization", "sockeye.socket.type=PULL") == 1 &&
			x.sum("sockeye.socket.stalled") == 1 && x.sum("sockeye.socket.stalls") > 0
	})
	ctx, cancel := context.WithCancel(t.Context())
	put := make(chan error)
	go func() { put <- messages.Put(ctx, r.Root, push, messages.Text("waits")) }()
	rig.Until(t, "somebody waits for room", func() bool {
		return s.collect().sum("sockeye.socket.waiting", "sockeye.waiting.for=room") == 1
	})
	cancel()
	if err := <-put; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(hold)
	router := r.Spawn(socket.Config{Type: socket.Router, Bind: []string{"tcp://127.0.0.1:*"}, Options: socket.Options{PlainServer: true}})
	r.Spawn(socket.Config{Type: socket.Dealer, Connect: r.At(router)})
	rig.Until(t, "handshakes have failed", func() bool {
		return s.collect().sum("sockeye.socket.handshake.failures", "sockeye.socket.type=ROUTER") > 0
	})
}

// Each Ask is timed, with how it has ended; when nobody listens any more it is not.
func TestMetricsOfAsk(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	s := mount(t, r, inspect.MetricsConfig{})
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(r.Echo())})
	req := r.Spawn(socket.Config{Type: socket.Req, Connect: r.At(rep)})
	lost := r.Spawn(socket.Config{Type: socket.Req, Connect: []string{"inproc://nobody"}, ReplyTimeout: time.Millisecond})
	gone := r.Spawn(socket.Config{Type: socket.Req, Connect: []string{"inproc://nobody"}})
	r.Stop(gone)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"inproc://pull"}})
	for range 7 {
		r.Ask(req, messages.Text("?"))
	}
	for want, ask := range map[string]struct {
		ctx context.Context
		pid *actor.PID
		m   *messages.Message
	}{
		"canceled": {ended, req, messages.Text("?")}, "timeout": {late, gone, messages.Text("?")}, "no_reply": {t.Context(), lost, messages.Text("?")},
		"stopped": {t.Context(), gone, messages.Text("?")}, "malformed": {t.Context(), req, nil}, "nil_pid": {t.Context(), nil, messages.Text("?")},
		"wrong_direction": {t.Context(), pull, messages.Text("?")},
	} {
		if want == "timeout" {
			<-late.Done()
		}
		if _, err := messages.Ask(ask.ctx, r.Root, ask.pid, ask.m); err == nil {
			t.Error(want)
		}
		if n := s.collect()["messaging.client.operation.duration{error.type="+want+",messaging.operation.name=ask,messaging.system=zeromq}"]; n != 1 {
			t.Error(want, n, s.collect())
		}
	}
	if n := s.collect()["messaging.client.operation.duration{messaging.operation.name=ask,messaging.system=zeromq}"]; n != 7 {
		t.Error(n)
	}
	for _, m := range s.metrics() {
		if h, ok := m.Data.(metricdata.Histogram[float64]); ok {
			p := h.DataPoints[slices.IndexFunc(h.DataPoints, func(p metricdata.HistogramDataPoint[float64]) bool { return p.Attributes.Len() == 2 })]
			if p.Sum <= 0 || p.Sum > 7*rig.Patience.Seconds() || len(p.Bounds) != 20 {
				t.Errorf("%+v", p)
			}
		}
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	r.Ask(req, messages.Text("?"))
	if x := s.collect(); x.sum("messaging.client.operation.duration") != 14 || x.sum("sockeye.socket.count") != 0 {
		t.Error(x)
	}
}
