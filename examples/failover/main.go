// Failover has three processes ready to run one service, kills the one that does with SIGKILL, again and again while
// clients ask, and prints how long they were without.
//
//	go run ./examples/failover
//	go run ./examples/failover -kills 20 -ttl 3s -etcd http://127.0.0.1:2379
//	go run ./examples/failover -group # each member has an etcd inside, and the three are one Raft group
//	go run ./examples/failover -leave # a rolling restart: nobody waits for a lease to end
//
// It survives the death of the owner at any moment: another member owns the name when the lease of the dead one is
// over, the clients' socket follows the name, and every request ends in a reply or in an error that says what is
// known of it. What to look at: the tokens in the table only rise, and no reply of an earlier owner came after one of a
// later owner.
//
// Without -etcd and -group there is one in the demonstration's own process. Read member.go first: the service, and the one line
// that makes it have one owner. Then client.go: who asks. run.go: who is killed, and the table.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/sockeye-mq/sockeye/cluster/embedded"
)

func main() {
	cfg := config{clients: 8}
	var m member
	var etcd, peers string
	flag.StringVar(&m.name, "serve", "", "be the member of this name, until interrupted")
	flag.StringVar(&etcd, "etcd", "", "endpoints of an etcd, by commas; default: one in this process")
	flag.BoolVar(&cfg.group, "group", false, "an etcd inside each member instead, which dies with it")
	flag.StringVar(&m.seat.Dir, "dir", "", "with -serve: have an etcd inside that keeps its data here")
	flag.StringVar(&m.seat.ClientURL, "client", "", "with -dir: where clients reach it")
	flag.StringVar(&peers, "peers", "", "with -dir: name=URL of all three, by commas")
	flag.DurationVar(&cfg.ttl, "ttl", 2*time.Second, "how long a dead owner still owns")
	flag.IntVar(&cfg.kills, "kills", 3, "how many owners are killed")
	flag.BoolVar(&cfg.leave, "leave", false, "have them leave instead, as for a rolling restart")
	flag.Parse()
	if etcd != "" {
		cfg.etcd = strings.Split(etcd, ",")
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	if m.name != "" {
		m.etcd, m.ttl, m.seat.Name, m.seat.Peers = cfg.etcd, cfg.ttl, m.name, parsePeers(peers)
		err = m.serve(ctx)
	} else {
		cfg.member = func(name string, etcd []string, at embedded.Config) (*exec.Cmd, error) {
			self, err := os.Executable()
			return exec.Command(self, "-serve", name, "-etcd", strings.Join(etcd, ","), "-ttl", cfg.ttl.String(),
				"-dir", at.Dir, "-client", at.ClientURL, "-peers", printPeers(at.Peers)), err
		}
		err = run(ctx, cfg, os.Stdout)
	}
	cancel()
	if err != nil {
		log.Fatal(err)
	}
}
