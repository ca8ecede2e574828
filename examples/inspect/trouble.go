package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/messages"
)

var symbols = []string{"ACME", "BIRD", "COIN", "DUST"}

// child is the PID of a family's child.
func (w *world) child(parent *actor.PID, name string) *actor.PID {
	return w.system.NewLocalPID(parent.Id + "/" + name)
}

// ticker is where the publisher is bound, nil if that cannot be had.
func (w *world) ticker() []string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	at, err := socket.Endpoints(ctx, w.system.Root, w.child(w.market, "ticker"))
	if err != nil {
		return nil
	}
	return at
}

// ask is a client's work. What is not answered is asked for no more; the page shows it.
func (w *world) ask(ctx context.Context, n int) {
	pid := w.child(w.shop, fmt.Sprintf("client-%d", n+1))
	for i := 0; pause(ctx, time.Duration(2+rand.IntN(6*(n+1)))*time.Millisecond); i++ {
		patient, cancel := context.WithTimeout(ctx, 2*time.Second)
		_, err := messages.Ask(patient, w.system.Root, pid, messages.Text(fmt.Sprintf("order %d", i)))
		cancel()
		if err != nil {
			pause(ctx, 100*time.Millisecond) // it has failed, or stopped
		}
	}
}

// publish sends prices: more of them in waves.
func (w *world) publish(ctx context.Context) {
	pid := w.child(w.market, "ticker")
	for i := 0; pause(ctx, 10*time.Millisecond); i++ {
		for range 1 + i/100%4 {
			w.system.Root.Send(pid, messages.Text(symbols[rand.IntN(len(symbols))], fmt.Sprintf("%.2f", 100*rand.Float64())))
		}
	}
}

// grind gives the workers work.
func (w *world) grind(ctx context.Context) {
	pid, part := w.child(w.mill, "source"), make([]byte, 512)
	for pause(ctx, 5*time.Millisecond) {
		for range 10 {
			w.system.Root.Send(pid, messages.Bytes(part))
		}
	}
}

// feed gives the press as much as it can take when it runs.
func (w *world) feed(ctx context.Context) {
	pid := w.child(w.mill, "feeder")
	for i := 0; pause(ctx, 10*time.Millisecond); i++ {
		w.system.Root.Send(pid, messages.Text(fmt.Sprintf("bale %d", i)))
		w.system.Root.Send(pid, messages.Text(fmt.Sprintf("bale %d, the rest", i)))
	}
}

// press is a receiver that is quick for a while and then stands for a while.
func (w *world) press() *actor.PID {
	n := 0
	return w.sink(func(c actor.Context) {
		if _, ok := c.Message().(*messages.Message); !ok {
			return
		}
		if n++; n%1200 == 0 {
			time.Sleep(7 * time.Second) // an actor of users' may do that: its socket's window bounds what it costs
		}
	})
}

// trouble has one thing go wrong after the other.
func (w *world) trouble(ctx context.Context) {
	for i := 0; pause(ctx, w.config.trouble); i++ {
		switch i % 5 {
		case 0:
			w.fail(w.child(w.mill, fmt.Sprintf("worker-%d", 1+rand.IntN(workers))), errors.New("the belt has come off"))
		case 1:
			w.absent(ctx, rand.IntN(viewers))
		case 2:
			for range 3 { // as often as its breaker bears
				w.fail(w.child(w.lab, "fuse"), errors.New("too much current"))
			}
		case 3:
			w.fail(w.child(w.shop, fmt.Sprintf("client-%d", 1+rand.IntN(clients))), errors.New("the till is jammed"))
		case 4:
			w.shoot(i)
		}
	}
}

func (w *world) fail(pid *actor.PID, err error) { w.system.Root.Send(pid, &socket.Fail{Err: err}) }

// absent is a viewer that goes away, and after a while comes again, with what it had.
func (w *world) absent(ctx context.Context, n int) {
	name := fmt.Sprintf("viewer-%d", n+1)
	if err := w.system.Root.StopFuture(w.child(w.market, name)).Wait(); err != nil {
		return
	}
	pause(ctx, w.config.trouble/2)
	if err := w.join(w.market, w.viewer(n)); err != nil {
		w.system.Logger().Warn("it does not come again", "who", name, "error", err)
	}
}

// shoot spawns a socket that soon stops for good.
func (w *world) shoot(n int) {
	name := fmt.Sprintf("shot-%d", n/5+1)
	if w.join(w.lab, member{name: name, cfg: socket.Config{Type: socket.Pair, Bind: []string{"tcp://127.0.0.1:*"}}}) == nil {
		w.fail(w.child(w.lab, name), errForGood)
	}
}
