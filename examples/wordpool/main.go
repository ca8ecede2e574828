// Wordpool counts the lines, words and bytes of every file below a directory with a pool of actors
// behind ZeroMQ sockets, while some of these actors and sockets are killed at random. Then it
// counts again in one loop. The two must agree.
//
//	go run ./examples/wordpool                 # Go's own sources
//	go run ./examples/wordpool -dir /usr/share # any directory
//
// Read run.go first, which says what happens. Then worker.go and pool.go: who counts, and how they
// are connected and supervised. client.go: how a request outlives the worker it was sent to.
// fuse.go: how they are killed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"

	"golang.org/x/term"
)

// config is what the flags say.
type config struct {
	dir     string
	workers int
	kills   float64
	seed    uint64
}

func main() {
	cfg := flags()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, cfg, os.Stdout, newProgress(os.Stderr, term.IsTerminal(int(os.Stderr.Fd()))))
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "wordpool:", err)
		os.Exit(1)
	}
}

func flags() (cfg config) {
	flag.StringVar(&cfg.dir, "dir", "", "count the files below this `directory` (default GOROOT/src)")
	flag.IntVar(&cfg.workers, "workers", 4, "how many actors count, each behind a socket of its own")
	flag.Float64Var(&cfg.kills, "kills", 0.03, "how likely a request has a worker or its socket killed, 0 to 1")
	flag.Uint64Var(&cfg.seed, "seed", 0, "the same seed kills the same ones before the same requests; 0 takes a new one")
	flag.Parse()
	if cfg.seed == 0 {
		cfg.seed = rand.Uint64()
	}
	err := cfg.check()
	if flag.NArg() > 0 {
		err = errors.Join(fmt.Errorf("unknown argument %q", flag.Arg(0)), err)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "wordpool:", err)
		flag.Usage()
		os.Exit(2)
	}
	return cfg
}

func (cfg config) check() error {
	switch {
	case cfg.workers < 1 || cfg.workers > 1000:
		return fmt.Errorf("-workers %d: 1 to 1000", cfg.workers)
	case !(cfg.kills >= 0 && cfg.kills <= 1):
		return fmt.Errorf("-kills %v: 0 to 1", cfg.kills)
	}
	return nil
}
