package inspect

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// MetricsConfig is what Metrics gives to whom. The zero value is sums over the sockets of one type on one thread,
// for OpenTelemetry's global provider.
type MetricsConfig struct {
	// Provider of the meter. Default: otel.GetMeterProvider.
	Provider metric.MeterProvider

	// PerSocket makes a series for each socket, with its id (sockeye.socket.id). Such a series ends with its
	// socket. Of 5,000 sockets that is over 100,000 series; OpenTelemetry's SDK keeps 2,000 for an instrument, unless
	// it is told otherwise (metric.WithCardinalityLimit). Default: sums, whose number depends on the types and
	// threads in use, and not on how many sockets there are.
	PerSocket bool

	// Attributes are given to every series. Where several actor systems share a provider they tell them apart; without
	// them, what belongs to the same type and thread of each is added up.
	Attributes []attribute.KeyValue
}

// scope is the name of the meter.
const scope = "github.com/sockeye-mq/sockeye"

// Metrics gives the numbers of a system's sockets and threads, and how long each messages.Ask takes, to OpenTelemetry,
// until stop is called. docs/metrics.md has every instrument. The sockets are looked at when somebody collects, once
// for all instruments; Ask is timed as it happens. Call it once for a system and provider: a second time, all
// is counted twice.
func Metrics(system *actor.ActorSystem, cfg MetricsConfig) (stop func() error, err error) {
	if cfg.Provider == nil {
		cfg.Provider = otel.GetMeterProvider()
	}
	m := &metrics{system: system, cfg: cfg, groups: map[groupKey]*group{}, threads: map[string]*busy{}}
	meter := cfg.Provider.Meter(scope)
	all, err := m.create(meter)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	timed, err := newAskTimer(meter, cfg.Attributes)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	registered, err := meter.RegisterCallback(m.collect, all...)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	remove := timed.listen(system)
	return sync.OnceValue(func() error {
		remove()
		return registered.Unregister()
	}), nil
}

// metrics is what one call of Metrics has made.
type metrics struct {
	system *actor.ActorSystem // immutable
	cfg    MetricsConfig      // immutable

	// What create has made. Immutable.
	counters [counterCount]metric.Int64ObservableCounter
	levels   [levelCount]metric.Int64ObservableUpDownCounter
	ratios   [ratioCount]metric.Float64ObservableGauge
	dropped  metric.Int64ObservableCounter
	states   metric.Int64ObservableUpDownCounter
	rounds   [turnCount]metric.Int64ObservableCounter
	spent    metric.Float64ObservableCounter

	mu      sync.Mutex          // one collection at a time: what it sees never falls
	round   uint64              // guarded by mu
	groups  map[groupKey]*group // guarded by mu: those of the last collection
	threads map[string]*busy    // guarded by mu: likewise, by id
}

// create makes the instruments that are observed.
func (m *metrics) create(meter metric.Meter) (all []metric.Observable, err error) {
	var errs []error
	count := func(i instrument) metric.Int64ObservableCounter {
		c, err := meter.Int64ObservableCounter(i.name, metric.WithUnit(i.unit), metric.WithDescription(i.what))
		all, errs = append(all, c), append(errs, err)
		return c
	}
	level := func(i instrument) metric.Int64ObservableUpDownCounter {
		c, err := meter.Int64ObservableUpDownCounter(i.name, metric.WithUnit(i.unit), metric.WithDescription(i.what))
		all, errs = append(all, c), append(errs, err)
		return c
	}
	made := map[string]metric.Int64ObservableCounter{} // some differ by an attribute only
	for i, c := range counters {
		if made[c.name] == nil {
			made[c.name] = count(c.instrument)
		}
		m.counters[i] = made[c.name]
	}
	waits := map[string]metric.Int64ObservableUpDownCounter{}
	for i, l := range levels {
		if waits[l.name] == nil {
			waits[l.name] = level(l.instrument)
		}
		m.levels[i] = waits[l.name]
	}
	for i, r := range ratios {
		g, err := meter.Float64ObservableGauge(r.name, metric.WithUnit(r.unit), metric.WithDescription(r.what))
		m.ratios[i], all, errs = g, append(all, g), append(errs, err)
	}
	for i, t := range turns {
		m.rounds[i] = count(t.instrument)
	}
	m.dropped, m.states = count(droppedMessages), level(socketCount)
	m.spent, err = meter.Float64ObservableCounter(threadTime.name, metric.WithUnit(threadTime.unit), metric.WithDescription(threadTime.what))
	return append(all, m.spent), errors.Join(append(errs, err)...)
}

// collect is OpenTelemetry's callback: one look, and everything that there is to say of it.
func (m *metrics) collect(_ context.Context, o metric.Observer) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.round++
	live, stopped := socket.Census(m.system)
	if !m.cfg.PerSocket {
		for i := range stopped {
			t := &stopped[i]
			m.group(groupKey{t.Type, t.Thread, ""}).count(t)
		}
	}
	for s := range live {
		m.group(m.keyOf(s)).look(s)
	}
	for k, g := range m.groups {
		if g.round != m.round {
			delete(m.groups, k)
			continue
		}
		m.observe(o, g)
	}
	m.observeThreads(o, zmqthread.Threads(m.system))
	return nil
}

func (m *metrics) keyOf(s *socket.Status) groupKey {
	k := groupKey{typ: s.Type}
	if s.Thread != nil {
		k.thread = s.Thread.Id
	}
	if m.cfg.PerSocket {
		k.id = s.PID.Id
	}
	return k
}
