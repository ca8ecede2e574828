package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/sockeye-mq/sockeye/internal/rig"
)

// dashboard is what the tests read of Grafana's JSON.
type dashboard struct {
	SchemaVersion int
	Title, UID    string
	Templating    struct{ List []variable }
	Panels        []panel
}

type variable struct {
	Name, Type, Definition string
	Datasource             source
	Query                  json.RawMessage
}

type source struct{ Type, UID string }

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               source
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []struct {
		RefID, Expr, LegendFormat string
		Datasource                source
	}
}

// graphs are the panels that are no headings.
func (d *dashboard) graphs() (all []panel) {
	for _, p := range d.Panels {
		if p.Type != "row" {
			all = append(all, p)
		}
	}
	return all
}

func read(t *testing.T) *dashboard {
	t.Helper()
	text, err := os.ReadFile("../../docs/grafana/sockeye.json")
	if err != nil {
		t.Fatal(err)
	}
	d := &dashboard{}
	if err := json.Unmarshal(text, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Every panel says what it shows, in which unit, and asks the data source that was chosen.
func TestDashboard(t *testing.T) {
	d := read(t)
	// Grafana 10.0 writes version 38, and reads what is older.
	if d.Title == "" || d.UID == "" || d.SchemaVersion < 36 || d.SchemaVersion > 38 {
		t.Error(d.Title, d.UID, d.SchemaVersion)
	}
	chosen := source{"prometheus", "${datasource}"}
	known := map[string]bool{"__rate_interval": true}
	for _, v := range d.Templating.List {
		known[v.Name] = true
		if v.Type == "query" && v.Datasource != chosen {
			t.Errorf("%s asks %v", v.Name, v.Datasource)
		}
	}
	if len(d.Templating.List) == 0 || d.Templating.List[0].Type != "datasource" {
		t.Error("the first variable is not the data source")
	}
	ids, cells := map[int]bool{}, map[string]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" {
			t.Errorf("%d %q: a number twice, or no title", p.ID, p.Title)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				cell := fmt.Sprint(x, y)
				if cells[cell] != "" || x >= 24 {
					t.Errorf("%q lies on %q", p.Title, cells[cell])
				}
				cells[cell] = p.Title
			}
		}
	}
	for _, p := range d.graphs() {
		if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 || p.Datasource != chosen {
			t.Errorf("%q: no description, unit, query or data source: %+v", p.Title, p)
		}
		for _, q := range p.Targets {
			if q.Expr == "" || q.RefID == "" || q.Datasource != chosen {
				t.Errorf("%q: %+v", p.Title, q)
			}
			for _, v := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(q.Expr, -1) {
				if !known[v[1]] {
					t.Errorf("%q: %s is no variable", p.Title, v[0])
				}
			}
			if !strings.Contains(q.Expr, `job=~"$job"`) || !strings.Contains(q.Expr, `instance=~"$instance"`) {
				t.Errorf("%q: whatever is chosen, %s", p.Title, q.Expr)
			}
		}
	}
}

var metricName = regexp.MustCompile(`\b(?:sockeye|messaging)_[a-z_]+\{`)

// The metrics that the dashboard asks for are there, and those that are there it shows, but for a few.
func TestDashboardShowsWhatThereIs(t *testing.T) {
	rig.Leaks(t)
	asked := map[string]bool{}
	d := read(t)
	for _, p := range d.graphs() {
		for _, q := range p.Targets {
			for _, name := range metricName.FindAllString(q.Expr, -1) {
				asked[strings.TrimSuffix(name, "{")] = true
			}
		}
	}
	at := start(t, config{addr: "127.0.0.1:0"})
	there := map[string]float64{}
	rig.Until(t, "somebody has asked", func() bool {
		status, page := get(t, at)
		there = sums(t, page)
		return status == http.StatusOK && there["messaging_client_operation_duration_seconds_count"] > 0
	})
	for name := range asked {
		if _, ok := there[name]; !ok {
			t.Errorf("there is no %s", name)
		}
	}
	hidden := map[string]bool{ // what another panel says as well
		"sockeye_socket_accepted_messages_total": true, "sockeye_socket_outbox_limit": true, "sockeye_socket_outbox_memory_limit_bytes": true,
		"sockeye_socket_window_limit": true, "messaging_client_operation_duration_seconds_sum": true, "target_info": true,
	}
	for name := range there {
		if !strings.Contains(name, "{") && !asked[name] && !hidden[name] {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}
