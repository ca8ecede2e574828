// Cluster is a pipeline over three processes that know one another by names alone: a source, a worker, a sink.
//
//	go run ./examples/cluster
//	go run ./examples/cluster -n 1000000
//
// Nobody is told an address, and there is no server: each process has an etcd inside, and the three are one Raft
// group. What to look at: the processes start in any order; who connects to a name that nobody has bound yet just
// waits. One of the three may die, and the names are still there: they are kept by the other two.
//
// Read stage.go first: the three stages. Then run.go: how the processes are started.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
)

func main() {
	var s stage
	peers := flag.String("peers", "", "name=URL of every process's etcd, by commas")
	flag.StringVar(&s.role, "role", "", "be the source, the worker or the sink")
	flag.StringVar(&s.dir, "dir", "", "with -role: where the etcd keeps its data")
	flag.IntVar(&s.n, "n", 20_000, "how many numbers go through the pipeline")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if s.role != "" {
		s.peers = parsePeers(*peers)
		err = s.run(ctx, os.Stdout)
	} else {
		err = run(ctx, s.n, os.Stdout, func(role, dir, peers string) (*exec.Cmd, error) {
			self, err := os.Executable()
			return exec.Command(self, "-role", role, "-dir", dir, "-peers", peers, "-n", strconv.Itoa(s.n)), err
		})
	}
	cancel()
	if err != nil {
		log.Fatal(err)
	}
}
