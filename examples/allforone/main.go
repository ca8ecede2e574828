// Allforone loses the backend of a proxy twice: once under a supervisor that restarts the failed socket
// alone, once under one that restarts all that belongs to it, and prints both side by side.
//
//	go run ./examples/allforone
//
// What to look at: with one for one the relay between the two sockets goes on, and waits for ever for
// the answer to a request that went down with the backend. With all for one it begins anew with them.
// Either way the sockets that have not failed keep their native sockets, and all of them their
// endpoints and what waits to be sent.
//
// Read group.go first: the proxy. Then run.go: what is done to it.
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
