// Simplepirate is the Simple Pirate of chapter 4 of ZeroMQ's Guide: clients, a queue of two ROUTERs that
// gives each request to the worker that has been idle longest, and workers that are REQs.
//
//	go run ./examples/simplepirate
//	go run ./examples/simplepirate -requests 100 -crash 3
//
// It survives workers that crash or hang with a request: the client asks again, and another worker gets
// it. Its supervisors bring back what has crashed, the queue too, which the Guide's does not survive: its
// workers wait for ever. Ours are told that the connection is lost, and say again that they are ready.
//
// It does not survive a queue that hangs without a word; paranoidpirate does. A request that is asked
// again may be carried out twice.
//
// Read queue.go first, then worker.go; run.go: who is started, and what is done to them.
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
	clients, requests int
	workers           int
	crash             int // every so many requests that a worker gets
	patience          time.Duration
}

func main() {
	var cfg config
	flag.IntVar(&cfg.clients, "clients", 2, "how many clients")
	flag.IntVar(&cfg.requests, "requests", 10, "how many requests of each")
	flag.IntVar(&cfg.workers, "workers", 3, "how many workers")
	flag.IntVar(&cfg.crash, "crash", 4, "every so many requests a worker crashes; 0: never")
	flag.DurationVar(&cfg.patience, "patience", 300*time.Millisecond, "how long a client waits before it asks again")
	flag.Parse()
	if cfg.clients < 1 || cfg.requests < 1 || cfg.workers < 1 || cfg.crash < 0 || cfg.crash == 1 || cfg.patience <= 0 {
		fmt.Fprintln(os.Stderr, "simplepirate: at least one of each, and a worker that is well now and then")
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
