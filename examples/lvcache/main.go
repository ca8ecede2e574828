// Lvcache is the last value cache of chapter 5 of ZeroMQ's Guide: it stands between publishers and
// subscribers, and gives each new subscriber the last value of every topic that it has subscribed to.
//
//	go run ./examples/lvcache
//
// It survives a subscriber that comes late, or crashes and comes back: it has the last values at once, and
// need not wait until they change. They are there when their publisher has died, and when the cache's own
// native sockets were lost: whoever connects again subscribes again. A subscriber that stalls costs
// the others nothing.
//
// What to look at: cache.go, which is all there is. Updates and subscriptions meet in one actor, and so no
// subscriber gets a value that is older than one it has got already. run.go is the show.
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
