// Binarystar is the Binary Star of chapter 4 of ZeroMQ's Guide: two servers, a primary and a backup, of
// which exactly one serves, and clients that turn to the other when they get no answer.
//
//	go run ./examples/binarystar
//
// It survives that the active server dies, or hangs: the other takes over as soon as a client asks it and
// nothing is heard of its peer. The one that comes back, or wakes up, does not serve, but waits for its
// turn. Two that do not hear each other do not both become active as long as their clients can reach the
// same one. Clients who cannot may make it so; when the two hear each other again, the backup steps down.
//
// What to look at: machine.go, the states, with no clock in it; star.go, the actor around it; client.go, how
// clients fail over. run.go is the show.
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
