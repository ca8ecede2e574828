package inspect_test

import (
	"os"
	"regexp"
	"testing"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/sockeye-mq/sockeye/actors/inspect"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

var instrumentRow = regexp.MustCompile("(?m)^\\| `([a-z.]+)` \\| ([a-z-]+(?: [a-z]+)?) \\| `([^`]+)` \\|")

// docs/metrics.md has every instrument, with its kind and unit, and no other.
func TestMetricsDoc(t *testing.T) {
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ kind, unit string }
	said := map[string]row{}
	for _, m := range instrumentRow.FindAllStringSubmatch(string(text), -1) {
		said[m[1]] = row{m[2], m[3]}
	}
	r := rig.Start(t, zmqthread.Config{})
	s := mount(t, r, inspect.MetricsConfig{})
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"inproc://doc"}, Deliver: socket.To(r.Echo())})
	r.Ask(r.Spawn(socket.Config{Type: socket.Req, Connect: []string{"inproc://doc"}}), messages.Text("?"))
	r.At(rep)
	for _, m := range s.metrics() {
		is := row{unit: m.Unit}
		switch d := m.Data.(type) {
		case metricdata.Sum[int64]:
			is.kind = kindOf(d.IsMonotonic)
		case metricdata.Sum[float64]:
			is.kind = kindOf(d.IsMonotonic)
		case metricdata.Gauge[float64]:
			is.kind = "gauge"
		case metricdata.Histogram[float64]:
			is.kind = "histogram"
		}
		if said[m.Name] != is {
			t.Errorf("%s is a %v, and not %v", m.Name, is, said[m.Name])
		}
		if m.Description == "" {
			t.Errorf("%s has no description", m.Name)
		}
		delete(said, m.Name)
	}
	if len(said) > 0 {
		t.Error("there are no", said)
	}
}

func kindOf(monotonic bool) string {
	if monotonic {
		return "counter"
	}
	return "up-down counter"
}
