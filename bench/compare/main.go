// Compare measures Sockeye beside libzmq's own C tools, the raw binding and other ways to use ZeroMQ
// from Go. All subjects of a scenario take turns, each measurement in processes of its own, for some
// rounds; ratios are taken within a round. Exit code 1: one of ours has failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/sockeye-mq/sockeye/bench/internal/measure"
)

type config struct {
	rounds   int
	only     string
	out      string
	scale    float64
	seed     uint64
	patience time.Duration
	profile  string
}

func main() {
	var cfg config
	var j job
	flag.IntVar(&cfg.rounds, "rounds", 7, "how often everything is measured")
	flag.StringVar(&cfg.only, "only", "", "only scenarios whose name this regular expression matches")
	flag.StringVar(&cfg.out, "out", "", "a directory for report.txt, raw.csv, summary.csv and figures; it is made if need be")
	flag.Float64Var(&cfg.scale, "scale", 1, "multiplies how many messages are sent; 0.01 is a smoke test")
	flag.Uint64Var(&cfg.seed, "seed", uint64(time.Now().UnixNano()), "draws the order of the subjects")
	flag.DurationVar(&cfg.patience, "patience", time.Minute, "a measurement that takes longer has failed")
	flag.StringVar(&cfg.profile, "profile", "", "a directory for CPU profiles of everything, for bench/where; it is made if need be")
	flag.StringVar(&j.role, "role", "", "what this process is to do: the program starts itself so, with what follows")
	scenario := flag.String("scenario", "", "with -role: in which scenario")
	flag.StringVar(&j.subject, "subject", "", "with -role: who is measured")
	flag.StringVar(&j.at, "at", "", "with -role: the endpoint to bind, or to connect to")
	flag.IntVar(&j.n, "n", 0, "with -role: how many messages or round trips")
	flag.Parse()
	err := error(nil)
	if j.role != "" {
		err = j.run(*scenario, cfg.profile)
	} else {
		err = compare(cfg)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

func compare(cfg config) error {
	only, err := regexp.Compile(cfg.only)
	if err != nil {
		return err
	}
	var chosen []*scenario
	for _, s := range scenarios {
		if only.MatchString(s.name) {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("no scenario matches %q", cfg.only)
	}
	if cfg.profile != "" {
		if err := os.MkdirAll(cfg.profile, 0o755); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	d := &driver{config: cfg, random: rand.New(rand.NewPCG(cfg.seed, 0))}
	begin := time.Now()
	before := fmt.Sprintf("machine  %s\n", measure.Machine())
	err = d.run(ctx, chosen)
	before += fmt.Sprintf("run      %d rounds, scale %v, seed %d, %v; load %s at the end\n",
		cfg.rounds, cfg.scale, cfg.seed, time.Since(begin).Round(time.Second), measure.Load())
	return errors.Join(err, d.publish(before, chosen), oursFailed(d.rows))
}

// publish writes the report, and with -out files as well.
func (d *driver) publish(before string, chosen []*scenario) error {
	all := summaries(chosen, d.rows)
	to := io.Writer(os.Stdout)
	if d.out != "" {
		if err := os.MkdirAll(d.out, 0o755); err != nil {
			return err
		}
		f, err := os.Create(filepath.Join(d.out, "report.txt"))
		if err != nil {
			return err
		}
		defer f.Close()
		to = io.MultiWriter(os.Stdout, f)
	}
	writeReport(to, before, chosen, all)
	if d.out == "" {
		return nil
	}
	return errors.Join(writeRaw(filepath.Join(d.out, "raw.csv"), d.rows),
		writeSummary(filepath.Join(d.out, "summary.csv"), all), drawAll(d.out, all))
}

// oursFailed is an error if a measurement of this library has failed. That others fail is for the
// report.
func oursFailed(rows []row) error {
	var wrong []error
	for _, r := range rows {
		if r.err != "" && strings.HasPrefix(r.subject, ours) {
			wrong = append(wrong, fmt.Errorf("round %d, %s, %s: %s", r.round, r.scenario.name, r.subject, r.err))
		}
	}
	return errors.Join(wrong...)
}
