// Paranoidpirate is the Paranoid Pirate of chapter 4 of ZeroMQ's Guide, which speaks PPP (RFC 6): the
// queue and its workers send each other heartbeats, and silence is a failure.
//
//	go run ./examples/paranoidpirate
//	go run ./examples/paranoidpirate -heartbeat 1s
//
// It survives, without the clients' help, workers that crash, hang, or are cut off with a request: the
// queue gives it to another one. And it survives a queue that crashes, or hangs without a word: a worker
// that hears nothing fails, and its supervisor has it start over, with pauses that grow from the time
// between heartbeats to 32 times that.
//
// What the queue held when it crashed is lost: its clients ask again (examples/lazypirate). Whatever is
// given to another worker may be carried out twice, but answered once.
//
// Read ppp.go first: the protocol. Then queue.go and worker.go; run.go: who is started, and what is done
// to them.
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
	crash, hang       int // every so many requests that the workers get
	heartbeat         time.Duration
}

func main() {
	var cfg config
	flag.IntVar(&cfg.clients, "clients", 2, "how many clients")
	flag.IntVar(&cfg.requests, "requests", 10, "how many requests of each")
	flag.IntVar(&cfg.workers, "workers", 3, "how many workers")
	flag.IntVar(&cfg.crash, "crash", 5, "every so many requests a worker crashes; 0: never")
	flag.IntVar(&cfg.hang, "hang", 7, "every so many requests a worker hangs; 0: never")
	flag.DurationVar(&cfg.heartbeat, "heartbeat", 100*time.Millisecond, "the time between two heartbeats")
	flag.Parse()
	if cfg.clients < 1 || cfg.requests < 1 || cfg.workers < 1 || cfg.crash < 0 || cfg.crash == 1 ||
		cfg.hang < 0 || cfg.hang == 1 || cfg.heartbeat <= 0 {
		fmt.Fprintln(os.Stderr, "paranoidpirate: at least one of each, and a worker that is well now and then")
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
