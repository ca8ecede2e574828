// Names measures what names cost an etcd: it starts one, plays the loads that members of a cluster put on it, with
// the keys, values, transactions and watches of package cluster, and extrapolates to larger clusters. It is made for
// docs/cluster-sizing.md. Exit code 1: a load could not be played.
//
// Times are those of this machine, and of what else it does: the report says its load. CPU seconds and bytes move
// much less.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/sockeye-mq/sockeye/bench/internal/measure"
)

// config is what a run is asked for.
type config struct {
	embedded bool    // an embedded server in a process of its own, rather than the etcd on PATH
	quick    bool    // fewer and shorter loads
	scale    float64 // multiplies every count
	csv      string  // the file for the raw figures; none if it is empty
	from     string  // the file of an earlier run
}

func main() {
	serveIfAsked()
	var cfg config
	flag.BoolVar(&cfg.embedded, "embedded", false, "measure the server of cluster/embedded, in a process of its own, rather than the etcd on PATH")
	flag.BoolVar(&cfg.quick, "quick", false, "small loads, 40 s at most rather than 6 min")
	flag.Float64Var(&cfg.scale, "scale", 1, "multiplies every count")
	flag.StringVar(&cfg.csv, "csv", "", "write every figure to this file")
	flag.StringVar(&cfg.from, "from", "", "measure nothing: only extrapolate, from the figures in this file")
	flag.Parse()
	if cfg.from != "" {
		if err := again(cfg.from); err != nil {
			fmt.Println("result  FAIL:", err)
			os.Exit(1)
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cfg.longest())
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt) // the server is ended then, too
	defer stop()
	rep, err := run(ctx, cfg, os.Stdout)
	if err == nil && cfg.csv != "" {
		err = os.WriteFile(cfg.csv, []byte(rep.csv()), 0o644)
	}
	if err != nil {
		fmt.Println("result  FAIL:", err)
		os.Exit(1)
	}
	fmt.Println("result  ok")
}

// again prints the extrapolation from an earlier run.
func again(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	rep, err := readCSV(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	c, err := rep.costs()
	if err == nil {
		fmt.Print(extrapolation(c))
	}
	return err
}

// longest is how long a run may take.
func (cfg config) longest() time.Duration {
	if cfg.quick {
		return 40 * time.Second
	}
	return 6 * time.Minute
}

// phases are the loads, in the order in which they are played. Each has a server of its own, which is new.
var phases = []struct {
	name string
	play func(context.Context, *scene) error
}{
	{"records", records}, {"claims", claims}, {"fan-out", fanOut}, {"renewals", renewals},
	{"election", elections}, {"revoke", revocations}, {"watches", watchings},
}

// run plays all loads and writes the report to out as it comes.
func run(ctx context.Context, cfg config, out io.Writer) (*report, error) {
	began := time.Now()
	rep := &report{out: out}
	rep.say("machine  %s", measure.Machine())
	p := planned(cfg)
	for _, ph := range phases {
		if err := playOn(ctx, cfg, p, rep, ph.name, ph.play); err != nil {
			return rep, fmt.Errorf("%s: %w", ph.name, err)
		}
	}
	c, err := rep.costs()
	if err != nil {
		return rep, err
	}
	rep.say("\n%s", strings.TrimRight(extrapolation(c), "\n"))
	rep.say("\nmachine  %s", measure.Machine())
	rep.say("took     %.0f s", time.Since(began).Seconds())
	return rep, nil
}

// playOn plays one load on a server of its own.
func playOn(ctx context.Context, cfg config, p plan, rep *report, name string, play func(context.Context, *scene) error) error {
	e, err := startEtcd(ctx, cfg.embedded)
	if err != nil {
		return err
	}
	defer e.remove()
	rep.begin(name, e.version)
	s := &scene{plan: p, etcd: e, rep: rep, wire: &wire{}}
	defer s.end()
	return play(ctx, s)
}
