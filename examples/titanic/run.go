package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/examples/majordomo/broker"
	"github.com/sockeye-mq/sockeye/examples/majordomo/client"
	"github.com/sockeye-mq/sockeye/examples/majordomo/worker"
	"github.com/sockeye-mq/sockeye/messages"
)

// config is what the demonstration is told.
type config struct {
	requests int
	kills    int // spread over the requests, and one more at their end
	titanic  func(broker, dir string) (*exec.Cmd, error)
}

const beat = 100 * time.Millisecond

// run has a client store requests while titanics are killed, and then fetch all replies from one that is
// let live.
func run(ctx context.Context, cfg config, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "titanic")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	root := system.Root
	thread, err := zmqthread.Start(system, zmqthread.Config{})
	if err != nil {
		return err
	}
	all := []*actor.PID{root.Spawn(broker.Props(broker.Config{Thread: thread, Heartbeat: beat}))}
	var echoed atomic.Int64
	at, err := messages.Call(ctx, root, all[0], broker.Where{})
	if err == nil {
		all = append(all, root.Spawn(worker.Props(worker.Config{Thread: thread, Broker: at.(string), Service: "echo", Heartbeat: beat,
			Work: func(body [][]byte, _ func(...[]byte)) [][]byte { echoed.Add(1); return body }})))
		p := &passenger{client.NewCaller(client.Config{System: system, Thread: thread, Broker: at.(string), Timeout: 50 * beat, Retries: -1}), beat / 10}
		err = cfg.voyages(ctx, p, at.(string), dir, out)
		p.Close()
	}
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, pid := range all {
		err = errors.Join(err, root.StopFuture(pid).Wait())
	}
	if err = errors.Join(err, thread.Shutdown(last)); err == nil {
		_, err = fmt.Fprintf(out, "the worker got %d requests\n", echoed.Load())
	}
	return err
}

func (cfg config) voyages(ctx context.Context, p *passenger, broker, dir string, out io.Writer) error {
	sinking, calm := context.WithCancel(ctx)
	iceberg := make(chan struct{})
	sunk := make(chan error, 1)
	var kills int
	go func() {
		var err error
		for ; err == nil && sinking.Err() == nil; kills++ {
			err = cfg.sail(sinking, broker, dir, iceberg)
		}
		calm() // who waits for a titanic to meet it
		sunk <- err
	}()
	stored, err := storeAll(sinking, p, 0, cfg.leg(0))
	for leg := 1; leg <= cfg.kills && err == nil; leg++ {
		select {
		case iceberg <- struct{}{}: // and on it goes
		case <-sinking.Done():
		}
		var more [][]byte
		more, err = storeAll(sinking, p, cfg.leg(leg-1), cfg.leg(leg))
		stored = append(stored, more...)
	}
	calm()
	if err = errors.Join(err, <-sunk); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d requests acknowledged, by titanics that were killed %d times\n", len(stored), kills)
	last, cancel := context.WithCancel(ctx)
	go func() { sunk <- cfg.sail(last, broker, dir, nil) }()
	right, err := fetchAll(ctx, p, stored)
	cancel()
	if err = errors.Join(err, <-sunk); err == nil {
		_, err = fmt.Fprintf(out, "%d replies fetched and right\n", right)
	}
	return err
}

// leg is how many requests are stored before the next kill.
func (cfg config) leg(n int) int { return (n + 1) * cfg.requests / (cfg.kills + 1) }

// sail lets a titanic live until a moment after it has met iceberg, or until ctx is over, and then kills it
// with SIGKILL.
func (cfg config) sail(ctx context.Context, broker, dir string, iceberg <-chan struct{}) error {
	cmd, err := cfg.titanic(broker, dir)
	if err != nil {
		return err
	}
	words, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return err
	}
	spoke := make(chan struct{})
	go func() {
		defer close(spoke)
		words.Read(make([]byte, 100)) // an error is its end
	}()
	select {
	case <-ctx.Done():
	case <-spoke:
		select {
		case <-ctx.Done():
		case <-iceberg:
			time.Sleep(rand.N(beat / 5)) // any point of what the client asks meanwhile
		}
	}
	err = cmd.Process.Kill()
	<-spoke
	if e := new(exec.ExitError); !errors.As(cmd.Wait(), &e) || e.Exited() { // of itself
		err = errors.Join(err, fmt.Errorf("titanic: %v", e))
	}
	return err
}

// storeAll returns the UUIDs of requests for "echo", from the first to before the last: the nth says
// "request n".
func storeAll(ctx context.Context, p *passenger, first, last int) (uuids [][]byte, err error) {
	for i := first; i < last; i++ {
		uuid, err := p.request(ctx, "echo", fmt.Append(nil, "request ", i))
		if err != nil {
			return nil, err
		}
		uuids = append(uuids, uuid)
	}
	return uuids, nil
}

// fetchAll fetches the replies to those requests, and closes them.
func fetchAll(ctx context.Context, p *passenger, uuids [][]byte) (right int, err error) {
	for i, uuid := range uuids {
		reply, err := p.reply(ctx, uuid)
		if err != nil {
			return right, err
		}
		if want := fmt.Sprint("request ", i); len(reply) != 1 || string(reply[0]) != want {
			return right, fmt.Errorf("the echo of %q is %q", want, reply)
		}
		right++
		if err := p.done(ctx, uuid); err != nil {
			return right, err
		}
	}
	return right, nil
}

// quiet keeps failures, which are on purpose, out of the log.
func quiet(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 1}))
}
