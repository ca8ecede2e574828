// Snail is the Suicidal Snail of chapter 5 of ZeroMQ's Guide: a subscriber that finds out that it does not
// keep up, and fails, rather than work on what is too old to be of use.
//
//	go run ./examples/snail
//
// It survives being too slow. Each message says when it was sent; when one is too old, the socket fails
// with a *LateError and its supervisor opens it again, with nothing in its queues: what comes next is fresh.
// After too many such failures within a minute the supervisor lets it stop, and whoever runs the snail is told.
// The publisher and the other subscribers notice nothing of all this.
//
// What to look at: snail.go, the actor that works; pace.go, which judges how late a message is, and does
// nothing else. run.go is the show.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout)
	cancel()
	if err != nil {
		log.Fatal(err)
	}
}
