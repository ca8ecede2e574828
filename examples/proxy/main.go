// Proxy stands between clients and workers (ROUTER and DEALER), or between publishers and subscribers (XSUB
// and XPUB), with a copy of everything for whoever watches, and can be paused: zmq_proxy_steerable(3) as
// three supervised sockets and two actors.
//
//	go run ./examples/proxy
//
// It survives a watcher that stalls: what it has no room for is dropped and counted, where zmq_proxy's
// capture holds up the service. A client that takes none of its replies, or a subscriber that does not keep up,
// costs the others nothing. A native socket of its own that is lost is opened again at its endpoint, with
// its subscriptions.
//
// What to look at: proxy.go, the topology; forward.go, the two actors that pass messages on, one that waits
// for room and one that does not. run.go is the show.
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
