// Titanic is the Titanic of chapter 4 of ZeroMQ's Guide, which speaks TSP (RFC 9): requests are stored on
// disk, carried out when there is a worker, and their replies kept until they are fetched and closed. It is
// three workers and a client of a Majordomo broker (examples/majordomo), and no sinking sinks it.
//
//	go run ./examples/titanic
//	go run ./examples/titanic -serve -broker tcp://127.0.0.1:5555 -dir /var/lib/titanic
//
// It survives kill -9, and a power cut, at any point: every request that was acknowledged with an UUID has
// its reply in the end, whoever of client, worker, broker and titanic was away when. A request may be
// carried out twice. One whose acknowledgement got lost is stored for good: its client, who asks again,
// does not know the UUID. There is room for 10,000.
//
// Without -serve it is a demonstration: a client stores requests with another process that is killed again
// and again. Read store.go first: what is written, and in which order. Then server.go and dispatcher.go.
// passenger.go: the client. tsp: the protocol. run.go: the demonstration.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var cfg config
	s := serverConfig{heartbeat: time.Second, timeout: 10 * time.Second, ready: func() { fmt.Println("ready") }, step: func(string) {}}
	serves := flag.Bool("serve", false, "be a titanic until interrupted")
	flag.StringVar(&s.broker, "broker", "tcp://127.0.0.1:5555", "with -serve: where the broker is")
	flag.StringVar(&s.dir, "dir", "titanic.data", "with -serve: where requests and replies are kept")
	flag.DurationVar(&s.heartbeat, "heartbeat", s.heartbeat, "with -serve: between two heartbeats")
	flag.IntVar(&cfg.requests, "requests", 40, "how many requests the client stores")
	flag.IntVar(&cfg.kills, "kills", 6, "how often the titanic is killed meanwhile")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if *serves {
		err = serve(ctx, s)
	} else {
		cfg.titanic = func(broker, dir string) (*exec.Cmd, error) {
			self, err := os.Executable()
			return exec.Command(self, "-serve", "-broker", broker, "-dir", dir, "-heartbeat", "100ms"), err
		}
		err = run(ctx, cfg, os.Stdout)
	}
	cancel()
	if err != nil {
		log.Fatal(err)
	}
}
