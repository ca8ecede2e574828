// Metrics is a small system whose numbers Prometheus can scrape: a stream whose receiver is slow at times, requests
// that are not always answered, a socket that fails, and a stranger at the door.
//
//	go run ./examples/metrics                        # prints where
//	go run ./examples/metrics -addr 127.0.0.1:9464   # there
//
// What to look at: serve.go has all that is needed to have the metrics of a program of your own: an exporter of
// OpenTelemetry's, inspect.Metrics, and an http.Handler. traffic.go: what there is to measure. docs/metrics.md says what
// each metric means, docs/grafana/sockeye.json shows them.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"time"
)

// config is what the flags say.
type config struct {
	addr      string
	length    time.Duration
	perSocket bool
}

func main() {
	var cfg config
	flag.StringVar(&cfg.addr, "addr", "127.0.0.1:0", "where to serve /metrics; port 0 takes one that is free")
	flag.DurationVar(&cfg.length, "for", 0, "how long to run; 0: until it is interrupted")
	flag.BoolVar(&cfg.perSocket, "persocket", false, "a series for each socket")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, cfg, os.Stdout)
	cancel()
	if err != nil {
		log.Fatal(err)
	}
}
