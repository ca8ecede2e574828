package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-mq/sockeye/internal/peer"
	"github.com/sockeye-mq/sockeye/internal/rig"
)

// server is a Prometheus of its own.
type server struct {
	t   *testing.T
	url string
}

// scrapes starts the Prometheus on PATH, which scrapes target every second. Where there is none the test fails if CI is "true",
// and is skipped elsewhere.
func scrapes(t *testing.T, target string) *server {
	t.Helper()
	program, err := exec.LookPath("prometheus")
	if err != nil {
		peer.Missing(t, false, "there is no prometheus on PATH: make test installs it")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	text := fmt.Sprintf("global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: sockeye\n    static_configs:\n      - targets: [%q]\n", target)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	at := address()
	peer.Start(t, program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+at, "--log.level=error")
	s := &server{t, "http://" + at}
	rig.Until(t, "prometheus is ready", func() bool {
		status, _ := get(t, s.url+"/-/ready")
		return status == http.StatusOK
	})
	return s
}

// address is one of this machine that is free, and that no connection gets by chance: their ports lie above.
func address() string {
	for {
		at := fmt.Sprintf("127.0.0.1:%d", 10000+rand.N(20000))
		if l, err := net.Listen("tcp", at); err == nil {
			l.Close()
			return at
		}
	}
}

// ask asks the API; data is decoded into what is given. An error is the test's.
func (s *server) ask(path string, query url.Values, data any) {
	s.t.Helper()
	_, body := get(s.t, s.url+path+"?"+query.Encode())
	answer := struct {
		Status, Error string
		Data          json.RawMessage
	}{}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Status != "success" {
		s.t.Fatalf("%s %v: %v %s", path, query, err, body)
	}
	if err := json.Unmarshal(answer.Data, data); err != nil {
		s.t.Fatal(path, err, body)
	}
}

// values are what a query has given in the last minute, as a panel would show it; no numbers are left out.
func (s *server) values(query string) (all []float64) {
	s.t.Helper()
	found := struct {
		Result []struct{ Values [][2]any }
	}{}
	now := time.Now().Unix()
	s.ask("/api/v1/query_range", url.Values{"query": {query}, "step": {"1"}, "start": {strconv.FormatInt(now-60, 10)}, "end": {strconv.FormatInt(now, 10)}}, &found)
	for _, r := range found.Result {
		for _, v := range r.Values {
			if n, err := strconv.ParseFloat(v[1].(string), 64); err == nil && !math.IsNaN(n) {
				all = append(all, n)
			}
		}
	}
	return all
}

// now is what a query gives now.
func (s *server) now(query string) (n int) {
	s.t.Helper()
	found := struct{ Result []struct{ Value [2]any } }{}
	s.ask("/api/v1/query", url.Values{"query": {query}}, &found)
	for _, r := range found.Result {
		if r.Value[1] != "NaN" {
			n++
		}
	}
	return n
}

// chosen puts in for the dashboard's variables what Grafana does when everything is chosen.
var chosen = strings.NewReplacer("$__rate_interval", "30s", "$job", ".*", "$instance", ".*", "$thread", ".*")

// must are the panels in which there must be more than zeros: those of what the example makes happen.
var must = []string{"Sockets", "Messages sent", "Messages received", "Bytes", "Peers", "Dropped, by reason", "Fullest outbox", "Window use",
	"Credit stalls", "Saturation", "Wake-ups", "Rounds and sleeps", "Sockets by state", "Restarts", "Handshake failures", "Disconnects",
	"Latency", "Asks", "Busiest thread", "Ask, p99"}

// A Prometheus that scrapes the example answers every query of the dashboard.
func TestPrometheus(t *testing.T) {
	rig.Leaks(t)
	at := start(t, config{addr: "127.0.0.1:0"})
	target, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	s := scrapes(t, target.Host)
	rig.Until(t, "a scrape was stored", func() bool { return s.now(`sockeye_socket_count`) > 0 })
	d := read(t)
	for _, v := range d.Templating.List {
		if v.Type == "query" {
			s.variable(v)
		}
	}
	left := slices.Clone(must)
	for _, p := range d.graphs() {
		positive := slices.Contains(must, p.Title)
		left = slices.DeleteFunc(left, func(title string) bool { return title == p.Title })
		for _, q := range p.Targets {
			query := chosen.Replace(q.Expr)
			rig.Until(t, fmt.Sprintf("%q has data: %s", p.Title, query), func() bool {
				all := s.values(query)
				return len(all) > 0 && (!positive || slices.Max(all) > 0) && (p.Type != "stat" || s.now(query) == 1)
			})
		}
	}
	if len(left) > 0 {
		t.Error("there are no such panels:", left)
	}
}

var labelValues = regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)

// variable asks for the values of a variable as Grafana does.
func (s *server) variable(v variable) {
	s.t.Helper()
	m := labelValues.FindStringSubmatch(v.Definition)
	if m == nil || !strings.Contains(string(v.Query), "label_values(") {
		s.t.Errorf("%s: %s", v.Name, v.Definition)
		return
	}
	var found []string
	s.ask("/api/v1/label/"+m[2]+"/values", url.Values{"match[]": {chosen.Replace(m[1])}}, &found)
	if len(found) != 1 || found[0] == "" {
		s.t.Errorf("%s: %q", v.Name, found)
	}
}
