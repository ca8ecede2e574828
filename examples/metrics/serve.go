package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	registry "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"

	"github.com/sockeye-mq/sockeye/actors/inspect"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// enough is for what takes no time when all is well.
const enough = 10 * time.Second

// run serves the metrics of a system with traffic until ctx ends, or for as long as the flags say.
func run(ctx context.Context, cfg config, out io.Writer) (err error) {
	if cfg.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, cfg.length)
		defer cancel()
	}
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	thread, err := zmqthread.Start(system, zmqthread.Config{Name: "zmq"})
	if err != nil {
		return err
	}
	defer func() {
		last, cancel := context.WithTimeout(context.Background(), enough)
		defer cancel()
		err = errors.Join(err, thread.Shutdown(last))
	}()
	page, stop, err := metrics(system, cfg.perSocket)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	listener, err := net.Listen("tcp", cfg.addr)
	if err != nil {
		return fmt.Errorf("serve %s: %w", cfg.addr, err)
	}
	if _, err := fmt.Fprintf(out, "metrics at http://%s/metrics\n", listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", page)
	server := http.Server{Handler: mux, ReadHeaderTimeout: enough}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	err = traffic(ctx, thread)
	last, cancel := context.WithTimeout(context.Background(), enough)
	defer cancel()
	err = errors.Join(err, server.Shutdown(last))
	if s := <-served; !errors.Is(s, http.ErrServerClosed) {
		err = errors.Join(err, s)
	}
	return err
}

// metrics has the system's metrics collected whenever the page is asked for.
func metrics(system *actor.ActorSystem, perSocket bool) (page http.Handler, stop func() error, err error) {
	to := registry.NewRegistry()
	// Names with underscores, whatever the scraper: newer Prometheus would get dots, which the dashboard does not ask for.
	exporter, err := prometheus.New(prometheus.WithRegisterer(to), prometheus.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes))
	if err != nil {
		return nil, nil, err
	}
	provider := metric.NewMeterProvider(metric.WithReader(exporter))
	stopMetrics, err := inspect.Metrics(system, inspect.MetricsConfig{Provider: provider, PerSocket: perSocket})
	if err != nil {
		return nil, nil, err
	}
	stop = func() error {
		last, cancel := context.WithTimeout(context.Background(), enough)
		defer cancel()
		return errors.Join(stopMetrics(), provider.Shutdown(last))
	}
	return promhttp.HandlerFor(to, promhttp.HandlerOpts{}), stop, nil
}

// quiet keeps the failures, which are made to be measured, from the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}
