// Clone is the Clone pattern of chapter 5 of ZeroMQ's Guide, by the Clustered Hashmap Protocol, RFC 12/CHP: a
// table of keys and values that two servers keep and any number of clients have copies of. Clients may
// want a subtree only, and set values, which may be ephemeral.
//
//	go run ./examples/clone
//
// It survives that the active server dies, or hangs: the other has a copy, and what the clients have set
// meanwhile, and takes over when they ask for it. A server that comes back gets its copy from the other. Clients
// come late, or lose their server: they get a snapshot and go on from there. What a client
// that reaches both servers was told to be set is in the table of whichever is active, unless both have died since.
//
// What to look at: chp.go, the protocol; replica.go, how a copy is kept; server.go and client.go, the
// actors; standing.go, who of the two servers is active; store.go, the table. run.go is the show.
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
