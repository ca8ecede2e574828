package inspect

import (
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// observed keeps what is observed of whatever has no socket's attributes of its own.
type observed struct {
	noop.Observer
	ints   map[metric.Int64Observable]int64
	floats []float64
}

func (o *observed) ObserveInt64(i metric.Int64Observable, v int64, _ ...metric.ObserveOption) {
	o.ints[i] = v
}

func (o *observed) ObserveFloat64(_ metric.Float64Observable, v float64, _ ...metric.ObserveOption) {
	o.floats = append(o.floats, v)
}

// named is an instrument that can be told from others.
type named struct {
	noop.Int64ObservableCounter
	name string
}

// A delivery that has panicked was counted as one before. What was said is not taken back, and rises again when there is
// more than that.
func TestCountersDoNotFall(t *testing.T) {
	m := &metrics{groups: map[groupKey]*group{}}
	for i, c := range counters {
		m.counters[i] = &named{name: c.name}
	}
	m.dropped = &named{name: droppedMessages.name}
	k := groupKey{typ: socket.Pull, thread: "lane"}
	for _, step := range []struct{ delivered, failed, want uint64 }{{10, 0, 10}, {7, 3, 10}, {9, 3, 10}, {12, 3, 12}} {
		m.round++
		m.group(k).look(&socket.Status{Type: k.typ, Ledger: socket.Ledger{Delivered: step.delivered, Dropped: map[string]uint64{"failed": step.failed}}})
		o := &observed{ints: map[metric.Int64Observable]int64{}}
		m.observe(o, m.groups[k])
		for i, c := range counters {
			if got := o.ints[m.counters[i]]; c.name == "messaging.client.consumed.messages" && got != int64(step.want) {
				t.Errorf("%+v: %d", step, got)
			}
		}
	}
}

// The time of a thread that has waited awake is known only when it has done so.
func TestThreadTimeDoesNotFall(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{Name: "lane"})
	m := &metrics{}
	for i := range turns {
		m.rounds[i] = &named{}
	}
	all := zmqthread.Threads(r.System)
	m.threads = map[string]*busy{"lane": m.newBusy("lane", all[0].Stats().Started)}
	m.threads["lane"].work = time.Hour // it was said
	o := &observed{ints: map[metric.Int64Observable]int64{}}
	m.observeThreads(o, all)
	if len(o.floats) != 2 || o.floats[0] != 3600 || o.floats[1] > 60 {
		t.Error(o.floats)
	}
	m.threads["lane"].started = time.Time{} // another of this name
	o = &observed{ints: map[metric.Int64Observable]int64{}}
	m.observeThreads(o, all)
	if len(o.floats) != 2 || o.floats[0] > 60 {
		t.Error(o.floats)
	}
}
