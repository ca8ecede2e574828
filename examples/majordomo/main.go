// Majordomo is the Majordomo of chapter 4 of ZeroMQ's Guide: one broker, services by name, workers and
// clients of MDP 0.1 (RFC 7) and MDP 0.2 (RFC 18) side by side.
//
//	go run ./examples/majordomo
//	go run ./examples/majordomo -heartbeat 1s
//
// It survives workers that crash, hang, or are cut off with a request: the broker gives it to another one.
// It survives a broker that crashes: its workers come back, and its clients ask again. A request may be
// carried out twice; of 0.2's partial replies a client never gets the same twice in one try.
//
// Read mdp first: the commands, as they are on the wire. Then broker, worker and client, which are packages
// so that titanic has them too. Here: who is started, and what is done to them.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"
)

// config is what the flags say.
type config struct {
	requests    int
	workers     int
	crash, hang int // every so many requests that the workers get
	heartbeat   time.Duration
}

func main() {
	var cfg config
	flag.IntVar(&cfg.requests, "requests", 10, "how many requests of each client")
	flag.IntVar(&cfg.workers, "workers", 2, "how many workers of each version for each service")
	flag.IntVar(&cfg.crash, "crash", 5, "every so many requests a worker crashes; 0: never")
	flag.IntVar(&cfg.hang, "hang", 7, "every so many requests a worker hangs; 0: never")
	flag.DurationVar(&cfg.heartbeat, "heartbeat", 100*time.Millisecond, "the time between two heartbeats")
	flag.Parse()
	if cfg.requests < 1 || cfg.workers < 1 || cfg.crash < 0 || cfg.crash == 1 || cfg.hang < 0 || cfg.hang == 1 || cfg.heartbeat <= 0 {
		fmt.Fprintln(os.Stderr, "majordomo: at least one of each, and a worker that is well now and then")
		flag.Usage()
		os.Exit(2)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, cfg, os.Stdout)
	cancel()
	if err != nil {
		log.Fatal(err)
	}
}
