// Inspect measures what it costs to look: a flood through one ZeroMQ thread, at full speed, while nobody looks, while
// Prometheus does once a second, and while a script fetches the inspector's whole snapshot as well; then all of it again with 5,000 idle
// sockets beside. The ways take turns. At the end it says how long a look takes by itself, and how long one socket of it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/bench/internal/measure"
)

type config struct {
	rounds, idle, size int
	window             time.Duration
	transport          string
	seed               uint64
}

func main() {
	var cfg config
	flag.IntVar(&cfg.rounds, "rounds", 15, "how often each way has its turn")
	flag.IntVar(&cfg.idle, "idle", 5000, "idle sockets beside, in the second half")
	flag.IntVar(&cfg.size, "size", 64, "bytes of a message")
	flag.DurationVar(&cfg.window, "window", 3*time.Second, "how long a turn is")
	flag.StringVar(&cfg.transport, "transport", "inproc", "inproc or tcp")
	flag.Uint64Var(&cfg.seed, "seed", rand.Uint64(), "of the order of the turns")
	flag.Parse()
	if err := run(cfg); err != nil {
		fmt.Println("result      FAIL:", err)
		os.Exit(1)
	}
	fmt.Println("result      ok")
}

func run(cfg config) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute+time.Duration(16*cfg.rounds)*cfg.window)
	defer cancel()
	fmt.Println("machine    ", measure.Machine())
	fmt.Printf("turns       %d rounds of %v, messages of %d bytes over %s in batches of %d, seed %d\n", cfg.rounds, cfg.window, cfg.size, cfg.transport, batch, cfg.seed)
	thread, err := zmqthread.Start(measure.System(), zmqthread.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, thread.Shutdown(ctx)) }()
	dice := rand.New(rand.NewPCG(cfg.seed, 0))
	for _, idle := range []int{0, cfg.idle} {
		if err := addIdle(ctx, thread, idle); err != nil {
			return err
		}
		f, err := startFlood(ctx, thread, cfg)
		if err != nil {
			return err
		}
		s := &scene{flood: f, cfg: cfg, dice: dice, paces: map[string][]pace{}, looks: map[string]*looks{}}
		if err := errors.Join(s.play(ctx), f.stop(ctx)); err != nil {
			return err
		}
		s.print(idle)
	}
	printLooks(thread.System())
	fmt.Println("load       ", measure.Load(), "at the end")
	return nil
}
