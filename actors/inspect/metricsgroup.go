package inspect

import (
	"slices"
	"strings"
	"time"

	zmq "github.com/pebbe/zmq4"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// groupKey is whose numbers are added up.
type groupKey struct {
	typ    zmq.Type
	thread string
	id     string // of the socket, with PerSocket
}

// drop is where and why messages were dropped.
type drop struct {
	beside // transmit or receive
	reason string
}

// group is the numbers of some sockets, as one collection finds them. A collection makes or clears it.
type group struct {
	round  uint64
	sets   [besideCount]metric.MeasurementOption // immutable
	common []attribute.KeyValue                  // immutable
	drops  map[drop]metric.MeasurementOption
	inAll  map[socket.State]metric.MeasurementOption

	counts  [counterCount]uint64
	levels  [levelCount]int64
	ratios  [ratioCount]float64
	dropped map[drop]uint64
	states  map[socket.State]int64

	// What the collections before have said: a counter must not fall, and Delivered does when a delivery panics.
	said        [counterCount]uint64
	saidDropped map[drop]uint64
}

// group is the group that sockets with this key are counted in.
func (m *metrics) group(k groupKey) *group {
	g := m.groups[k]
	if g == nil {
		g = m.newGroup(k)
		m.groups[k] = g
	}
	if g.round != m.round {
		g.clear()
		g.round = m.round
	}
	return g
}

func (m *metrics) newGroup(k groupKey) *group {
	g := &group{drops: map[drop]metric.MeasurementOption{}, inAll: map[socket.State]metric.MeasurementOption{},
		dropped: map[drop]uint64{}, states: map[socket.State]int64{}, saidDropped: map[drop]uint64{}}
	g.common = append(slices.Clone(m.cfg.Attributes), attribute.String("sockeye.socket.type", k.typ.String()), attribute.String("sockeye.thread.id", k.thread))
	if k.id != "" {
		g.common = append(g.common, attribute.String("sockeye.socket.id", k.id))
	}
	for b, more := range [besideCount][]attribute.KeyValue{
		transmit:         {direction(transmit)},
		receive:          {direction(receive)},
		sendOperation:    {messagingSystem, operation("send")},
		deliverOperation: {messagingSystem, operation("deliver")},
		forRoom:          {attribute.String("sockeye.waiting.for", "room")},
		forAnswer:        {attribute.String("sockeye.waiting.for", "answer")},
	} {
		g.sets[b] = g.with(more...)
	}
	if k.id == "" { // there from the beginning
		for _, why := range unsent {
			if k.typ != socket.Pull && k.typ != socket.Sub {
				g.dropped[drop{transmit, why}] = 0
			}
		}
		for _, why := range undelivered {
			if k.typ != socket.Push && k.typ != socket.Pub {
				g.dropped[drop{receive, why}] = 0
			}
		}
		for _, s := range states {
			g.states[s] = 0
		}
	}
	return g
}

var messagingSystem = attribute.String("messaging.system", "zeromq")

func operation(name string) attribute.KeyValue {
	return attribute.String("messaging.operation.name", name)
}

func direction(b beside) attribute.KeyValue {
	if b == transmit {
		return attribute.String("network.io.direction", "transmit")
	}
	return attribute.String("network.io.direction", "receive")
}

func (g *group) with(more ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(slices.Concat(g.common, more)...))
}

func (g *group) clear() {
	g.counts, g.levels, g.ratios = [counterCount]uint64{}, [levelCount]int64{}, [ratioCount]float64{}
	for d := range g.dropped {
		g.dropped[d] = 0
	}
	for s := range g.states {
		g.states[s] = 0
	}
}

// count adds what was counted.
func (g *group) count(t *socket.Totals) {
	for i := range counters {
		g.counts[i] += counters[i].read(t)
	}
	l := &t.Ledger
	for why, n := range l.Discarded {
		g.dropped[drop{transmit, word(why)}] += n
	}
	for why, n := range l.Dropped {
		g.dropped[drop{receive, word(why)}] += n
	}
	if l.DeadLettered > 0 {
		g.dropped[drop{transmit, "stopped"}] += l.DeadLettered
	}
	if l.Undelivered > 0 {
		g.dropped[drop{receive, "stopped"}] += l.Undelivered
	}
}

func word(reason string) string { return strings.ReplaceAll(reason, " ", "_") }

// look adds a socket that there is.
func (g *group) look(s *socket.Status) {
	g.count(&socket.Totals{Ledger: s.Ledger, Stalls: s.Stalls, Restarts: before(s.Incarnations), Reopens: before(s.Opens),
		HandshakeFailures: s.HandshakeFailures, Disconnects: s.Disconnects})
	for i := range levels {
		g.levels[i] += levels[i].read(s)
	}
	for i := range ratios {
		g.ratios[i] = max(g.ratios[i], ratios[i].read(s))
	}
	g.states[s.State]++
}

// observe tells OpenTelemetry.
func (m *metrics) observe(o metric.Observer, g *group) {
	for i, n := range g.counts {
		g.said[i] = max(g.said[i], n)
		o.ObserveInt64(m.counters[i], int64(g.said[i]), g.sets[counters[i].beside])
	}
	for i, n := range g.levels {
		o.ObserveInt64(m.levels[i], n, g.sets[levels[i].beside])
	}
	for i, n := range g.ratios {
		o.ObserveFloat64(m.ratios[i], n, g.sets[nothing])
	}
	for d, n := range g.dropped {
		if g.drops[d] == nil {
			g.drops[d] = g.with(direction(d.beside), attribute.String("sockeye.drop.reason", d.reason))
		}
		g.saidDropped[d] = max(g.saidDropped[d], n)
		o.ObserveInt64(m.dropped, int64(g.saidDropped[d]), g.drops[d])
	}
	for s, n := range g.states {
		if n == 0 && m.cfg.PerSocket {
			continue // it was in this state
		}
		if g.inAll[s] == nil {
			g.inAll[s] = g.with(attribute.String("sockeye.socket.state", string(s)))
		}
		o.ObserveInt64(m.states, n, g.inAll[s])
	}
}

// busy is what was said of a thread's time. It is measured now and then, and may prove to have been less.
type busy struct {
	started    time.Time
	work, wait time.Duration

	plain, working, waiting metric.MeasurementOption // immutable
}

func (m *metrics) observeThreads(o metric.Observer, all []*zmqthread.Thread) {
	now := map[string]*busy{}
	for _, t := range all {
		s := t.Stats()
		id := s.PID.Id
		b := m.threads[id]
		if b == nil || !b.started.Equal(s.Started) { // its name may have gone to another
			b = m.newBusy(id, s.Started)
		}
		now[id] = b
		b.work, b.wait = max(b.work, s.Uptime-s.Idle), max(b.wait, s.Idle)
		o.ObserveFloat64(m.spent, b.work.Seconds(), b.working)
		o.ObserveFloat64(m.spent, b.wait.Seconds(), b.waiting)
		for i := range turns {
			o.ObserveInt64(m.rounds[i], int64(turns[i].read(&s)), b.plain)
		}
	}
	m.threads = now
}

func (m *metrics) newBusy(id string, started time.Time) *busy {
	with := func(more ...attribute.KeyValue) metric.MeasurementOption {
		common := append(slices.Clone(m.cfg.Attributes), attribute.String("sockeye.thread.id", id))
		return metric.WithAttributeSet(attribute.NewSet(append(common, more...)...))
	}
	return &busy{started: started, plain: with(), working: with(attribute.String("sockeye.thread.state", "busy")),
		waiting: with(attribute.String("sockeye.thread.state", "idle"))}
}
