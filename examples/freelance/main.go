// Freelance is the Freelance pattern of chapter 4 of ZeroMQ's Guide, in its three models: clients that know
// several servers, and no broker between them. The third speaks the Freelance Protocol, RFC 10/FLP.
//
//	go run ./examples/freelance
//
// It survives servers that crash, hang, or are not there yet: as long as one of them is well, every request
// is answered, though perhaps executed twice. A server that comes back is used again. When none is well for
// too long, whoever asked is told so.
//
// What to look at: agent.go, which knows who is alive and where each request is, and does nothing but
// think; client.go, the actor around it; server.go, the other end; flp.go, the protocol. models.go has the
// first two models. run.go is the show.
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
