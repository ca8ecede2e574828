// Crash has a tree of sockets fail in every way there is and recover, and prints it as it happens.
//
//	go run ./examples/crash
//	go run ./examples/crash -pause 2s -held 10s # to read along
//
// What to look at: after each line that begins with ">", who fails, what the supervisor decides, and
// how long the client, which asks on all the time, has to wait for its next reply. Only a receiving
// socket that is lost takes messages along, those that it had not handed over.
//
// Read tree.go first: the sockets and who supervises them. Then run.go: what is done to them.
// flow.go: what flows meanwhile. teller.go: who prints.
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
	pause time.Duration // between two crashes
	held  time.Duration // how long somebody else has the port
}

func main() {
	var cfg config
	flag.DurationVar(&cfg.pause, "pause", 300*time.Millisecond, "how long all is well between two crashes")
	flag.DurationVar(&cfg.held, "held", time.Second, "how long somebody else holds the server's port")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, cfg, os.Stdout)
	cancel()
	if err != nil {
		log.Fatal(err)
	}
}
