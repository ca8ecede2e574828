// Lazypirate is the client of chapter 4 of ZeroMQ's Guide, which gives up on nothing too early: it asks a
// server that crashes now and then, or answers too late, and asks again on a new socket.
//
//	go run ./examples/lazypirate
//	go run ./examples/lazypirate -seed 7 -requests 50
//
// What to look at: the client is messages.Ask in a loop (run.go). That a request is sent again, and how
// often, is two fields of the socket's Config and its supervisor. server.go: the server and its moods.
// teller.go: who prints.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"
)

// config is what the flags say.
type config struct {
	requests int
	patience time.Duration // with each try
	retries  int
	seed     uint64
}

func main() {
	var cfg config
	flag.IntVar(&cfg.requests, "requests", 12, "how many requests, at least 3")
	flag.DurationVar(&cfg.patience, "patience", 250*time.Millisecond, "how long the client waits for a reply before it asks again")
	flag.IntVar(&cfg.retries, "retries", 3, "how often it asks again, at least once")
	flag.Uint64Var(&cfg.seed, "seed", 0, "the same seed gives the server the same moods; 0 takes a new one")
	flag.Parse()
	if cfg.seed == 0 {
		cfg.seed = rand.Uint64()
	}
	if err := cfg.check(); err != nil {
		fmt.Fprintln(os.Stderr, "lazypirate:", err)
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

func (cfg config) check() error {
	switch {
	case cfg.requests < 3:
		return fmt.Errorf("-requests %d: 3 at least", cfg.requests)
	case cfg.patience <= 0:
		return fmt.Errorf("-patience %v: more than nothing", cfg.patience)
	case cfg.retries < 1:
		return fmt.Errorf("-retries %d: 1 at least", cfg.retries)
	}
	return nil
}
