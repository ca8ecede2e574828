// Lanes are two ZeroMQ threads. It streams large messages on one of them and measures what that does
// to the round trips of a small-message socket: on the other thread, and on the same one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/bench/internal/measure"
)

type config struct {
	size, rounds, io int
	length, every    time.Duration
	only             bool
}

func main() {
	cfg := config{size: 1 << 30}
	flag.Func("size", "bytes of a message of the stream, with KiB, MiB or GiB (default 1GiB)", func(s string) (err error) {
		cfg.size, err = parseSize(s)
		return err
	})
	flag.IntVar(&cfg.rounds, "rounds", 5, "how often the phases are repeated")
	flag.DurationVar(&cfg.length, "phase", 3*time.Second, "the length of a phase; a stream's lasts until some messages have arrived, too")
	flag.DurationVar(&cfg.every, "every", time.Millisecond, "the time from one round trip to the next")
	flag.IntVar(&cfg.io, "io", 0, "ZeroMQ's I/O threads; 0: as many as lanes, the default; 1: one for both")
	flag.BoolVar(&cfg.only, "only", false, "only stream, until stdin ends: the program starts itself so")
	flag.Parse()
	start := run
	if cfg.only {
		start = only
	}
	if err := start(cfg); err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		os.Exit(1)
	}
}

func parseSize(s string) (int, error) {
	var n int
	var unit string
	if _, err := fmt.Sscanf(s, "%d%s", &n, &unit); err != nil {
		return 0, err
	}
	shift, ok := map[string]int{"KiB": 10, "MiB": 20, "GiB": 30}[unit]
	if !ok || n < 1 {
		return 0, errors.New("want a number and KiB, MiB or GiB")
	}
	return n << shift, nil
}

// lab is one run.
type lab struct {
	config
	root   *actor.RootContext
	lanes  *zmqthread.Lanes
	pairs  [2]*measure.Pair // one on each lane
	stream *stream          // on lane 0
	rate   []float64        // of the stream in each of its phases, in GiB/s
}

func run(cfg config) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	fmt.Println("machine ", measure.Machine())
	if need := 10 * int64(cfg.size); measure.Available() > 0 && measure.Available() < need {
		return fmt.Errorf("%d MiB are available, and messages of that size may need %d: take a smaller -size",
			measure.Available()>>20, need>>20)
	}
	b, err := budgetOf(ctx, cfg.size, 5)
	if err != nil {
		return fmt.Errorf("native calls: %w", err)
	}
	l, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	err = l.measure(ctx, b)
	return errors.Join(err, l.audit(ctx), l.lanes.Shutdown(ctx))
}

func open(ctx context.Context, cfg config) (*lab, error) {
	lanes, err := zmqthread.StartLanes(measure.System(), 2, zmqthread.Config{IOThreads: cfg.io})
	if err != nil {
		return nil, err
	}
	l := &lab{config: cfg, lanes: lanes, root: lanes.Threads()[0].System().Root}
	for i, thread := range lanes.Threads() {
		if l.pairs[i], err = measure.NewPair(ctx, thread, 64, socket.Options{}); err != nil {
			return nil, err
		}
	}
	l.stream, err = newStream(ctx, lanes.Threads()[0], cfg.size, socket.Options{})
	return l, err
}

// audit checks that every ledger adds up and nothing was lost.
func (l *lab) audit(ctx context.Context) error {
	var wrong []error
	for _, pid := range []*actor.PID{l.pairs[0].Req, l.pairs[0].Rep, l.pairs[1].Req, l.pairs[1].Rep, l.stream.push, l.stream.pull} {
		_, err := measure.Balanced(ctx, l.root, pid)
		wrong = append(wrong, err)
	}
	sent, err := measure.Balanced(ctx, l.root, l.stream.push)
	if err == nil && int64(sent.Taken) != l.stream.arrived.Load() {
		err = fmt.Errorf("libzmq took %d messages of the stream, and %d have arrived", sent.Taken, l.stream.arrived.Load())
	}
	return errors.Join(append(wrong, err)...)
}
