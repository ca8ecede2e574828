package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	registry "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/sockeye-mq/sockeye/actors/inspect"
	"github.com/sockeye-mq/sockeye/actors/socket"
)

// ways are who looks, with the paths that are fetched once a second. "bare" and "again" are nobody: what the two differ by
// is the machine's doing.
var ways = []struct {
	name  string
	paths []string
}{
	{"bare", nil},
	{"again", nil},
	{"metrics", []string{"/metrics"}},
	{"metrics and snapshot", []string{"/metrics", "/api/snapshot"}},
}

// scene is a flood that is looked at in all ways, in turn.
type scene struct {
	*flood
	cfg   config
	dice  *rand.Rand
	paces map[string][]pace // by way, one for each round
	looks map[string]*looks // by path
}

// looks are what was fetched.
type looks struct {
	mu    sync.Mutex
	bytes int             // guarded by mu: of the last
	took  []time.Duration // guarded by mu
}

func (s *scene) play(ctx context.Context) error {
	s.pace(s.cfg.window) // until buffers and the heap have their size
	for range s.cfg.rounds {
		for _, w := range s.dice.Perm(len(ways)) {
			p, err := s.turn(ctx, ways[w].paths)
			if err != nil {
				return err
			}
			s.paces[ways[w].name] = append(s.paces[ways[w].name], p)
		}
	}
	return nil
}

// turn measures while somebody looks.
func (s *scene) turn(ctx context.Context, paths []string) (pace, error) {
	if len(paths) == 0 {
		s.pace(s.cfg.window / 10)
		return s.pace(s.cfg.window), nil
	}
	page, unmount, err := mount(s.root.ActorSystem(), slices.Contains(paths, "/api/snapshot"))
	if err != nil {
		return pace{}, err
	}
	server := httptest.NewServer(page)
	ctx, cancel := context.WithCancel(ctx)
	var looking sync.WaitGroup
	failed := make(chan error, len(paths))
	for _, path := range paths {
		if s.looks[path] == nil {
			s.looks[path] = &looks{}
		}
		looking.Go(func() { failed <- s.looks[path].every(ctx, server.Client(), server.URL+path) })
	}
	s.pace(s.cfg.window / 10)
	p := s.pace(s.cfg.window)
	cancel()
	looking.Wait()
	server.Client().CloseIdleConnections()
	server.Close()
	for range paths {
		err = errors.Join(err, <-failed)
	}
	return p, errors.Join(err, unmount())
}

// mount is what a program does that wants to be looked at.
func mount(system *actor.ActorSystem, withPage bool) (http.Handler, func() error, error) {
	to := registry.NewRegistry()
	exporter, err := prometheus.New(prometheus.WithRegisterer(to))
	if err != nil {
		return nil, nil, err
	}
	stop, err := inspect.Metrics(system, inspect.MetricsConfig{Provider: metric.NewMeterProvider(metric.WithReader(exporter))})
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(to, promhttp.HandlerOpts{}))
	if !withPage {
		return mux, stop, nil
	}
	page := inspect.New(system, inspect.Config{})
	mux.Handle("/", page)
	return mux, func() error { page.Close(); return stop() }, nil
}

// every fetches once a second. What it costs to read the answer, and throw it away, is in the figures too.
func (l *looks) every(ctx context.Context, client *http.Client, url string) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		began := time.Now()
		res, err := client.Get(url)
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s, %v", url, res.Status, err)
		}
		l.mu.Lock()
		l.bytes, l.took = int(n), append(l.took, time.Since(began))
		l.mu.Unlock()
	}
}

func (s *scene) print(idle int) {
	fmt.Printf("flood       with %d idle sockets beside\n", idle)
	for _, w := range ways {
		var rates, costs, toRate, toCost []float64
		for i, p := range s.paces[w.name] {
			bare := s.paces["bare"][i]
			rates, costs = append(rates, p.rate), append(costs, p.cost)
			toRate, toCost = append(toRate, p.rate/bare.rate), append(toCost, p.cost/bare.cost)
		}
		for _, all := range [][]float64{rates, costs, toRate, toCost} {
			slices.Sort(all)
		}
		last := len(rates) - 1
		fmt.Printf("            %-20s  %8.0f messages/s, to bare %.4f [%.3f..%.3f]; %4.0f ns of processor each, to bare %.4f [%.3f..%.3f]\n", w.name,
			median(rates), median(toRate), toRate[0], toRate[last], median(costs), median(toCost), toCost[0], toCost[last])
	}
	for path, l := range s.looks {
		slices.Sort(l.took)
		if len(l.took) > 0 {
			fmt.Printf("            GET %-17s %d times, %d bytes, median %v, longest %v\n", path, len(l.took), l.bytes, median(l.took), l.took[len(l.took)-1])
		}
	}
}

func median[N float64 | time.Duration](sorted []N) N {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// printLooks times looks by themselves, and each socket of one, with what it takes to lock it: an upper bound of how long it
// was locked. The longest are those in which this goroutine had no processor.
func printLooks(system *actor.ActorSystem) {
	var takes, each []time.Duration
	sockets := 0
	for range 50 {
		began := time.Now()
		sockets = len(inspect.Take(system).Sockets)
		takes = append(takes, time.Since(began))
	}
	for range 50 {
		before := time.Now()
		first := true
		for range socket.All(system) {
			now := time.Now()
			if !first { // which has the sorting in it
				each = append(each, now.Sub(before))
			}
			before, first = now, false
		}
	}
	slices.Sort(takes)
	slices.Sort(each)
	fmt.Printf("look        inspect.Take with %d sockets: median %v, longest %v of %d\n", sockets, median(takes), takes[len(takes)-1], len(takes))
	if len(each) > 0 {
		fmt.Printf("one socket  median %v, 99.9 %% within %v, longest %v of %d\n", median(each), each[len(each)*999/1000], each[len(each)-1], len(each))
	}
}
