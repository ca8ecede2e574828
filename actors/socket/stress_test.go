package socket_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	zmq "github.com/pebbe/zmq4"
	"golang.org/x/sys/unix"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// churn is what the stress below connects to.
type churn struct {
	*rig.Rig
	rep, pull, pub       *actor.PID
	repAt, pullAt, pubAt []string
	got                  atomic.Int64
}

func newChurn(r *rig.Rig) *churn {
	c := &churn{Rig: r}
	sink := r.Actor(func(x actor.Context) {
		if _, ok := x.Message().(*messages.Message); ok {
			c.got.Add(1)
		}
	})
	c.rep = r.Root.Spawn(socket.Props(r.Thread, socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(r.Echo())}))
	c.pull = r.Root.Spawn(socket.Props(r.Thread, socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(sink)}))
	c.pub = r.Root.Spawn(socket.Props(r.Thread, socket.Config{Type: socket.Pub, Bind: []string{"tcp://127.0.0.1:*"}}))
	c.repAt, c.pullAt, c.pubAt = r.At(c.rep), r.At(c.pull), r.At(c.pub)
	return c
}

// open opens one more socket of any kind and uses it.
func (c *churn) open(ctx context.Context, rnd *rand.Rand, sink *actor.PID) (*actor.PID, error) {
	spawn := func(cfg socket.Config) *actor.PID { return c.Root.Spawn(socket.Props(c.Thread, cfg)) }
	hello := messages.Text("hello", "", "world")
	switch rnd.IntN(4) {
	case 0:
		pid := spawn(socket.Config{Type: socket.Dealer, Connect: c.repAt})
		_, err := messages.Ask(ctx, c.Root, pid, hello)
		return pid, err
	case 1:
		pid := spawn(socket.Config{Type: socket.Push, Connect: c.pullAt})
		return pid, messages.Put(ctx, c.Root, pid, hello)
	case 2:
		pid := spawn(socket.Config{Type: socket.Sub, Connect: c.pubAt, Subscribe: []string{"hello"}, Deliver: socket.To(sink)})
		return pid, socket.WaitPeers(ctx, c.Root, pid, 1)
	}
	pid := spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(sink)})
	_, err := socket.Endpoints(ctx, c.Root, pid)
	return pid, err
}

// 1,000 sockets are opened and closed under traffic by 8 goroutines: no stall, no crash, nothing
// lost. (zmq-async deadlocked here, its issue 3, and crashed on a late message, its PR 6.)
func TestChurn(t *testing.T) {
	const goroutines, each, duration = 8, 125, 20 * time.Second
	r := rig.Start(t, zmqthread.Config{})
	c := newChurn(r)
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	var opened, closed atomic.Int64
	var slowest atomic.Int64
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(g), 1))
			sink := c.Echo()
			var alive []*actor.PID
			for ctx.Err() == nil {
				if len(alive) == each {
					i := rnd.IntN(each)
					if rnd.IntN(2) == 0 {
						c.Root.Stop(alive[i])
					} else {
						c.Root.Poison(alive[i])
					}
					alive[i] = alive[each-1]
					alive = alive[:each-1]
					closed.Add(1)
				}
				start := time.Now()
				patience, done := context.WithTimeout(context.Background(), 10*time.Second)
				pid, err := c.open(patience, rnd, sink)
				done()
				if err != nil {
					t.Errorf("stalled: %v", err)
					return
				}
				slowest.Store(max(slowest.Load(), int64(time.Since(start))))
				alive = append(alive, pid)
				opened.Add(1)
				c.Root.Send(c.pub, messages.Text("hello", "all"))
			}
			for _, pid := range alive {
				c.Root.Stop(pid)
			}
		})
	}
	wg.Wait()
	t.Logf("%d opened, %d closed meanwhile, slowest open and first use %v", opened.Load(), closed.Load(), time.Duration(slowest.Load()))
	if opened.Load() < 1000 {
		t.Errorf("only %d sockets in %v", opened.Load(), duration)
	}
}

// Signals interrupt every system call of the process, and of the ZeroMQ thread in particular, all
// the time: nothing is lost and nothing is an error.
func TestSignalStorm(t *testing.T) {
	const trips, askers = 100_000, 8
	r := rig.Start(t, zmqthread.Config{})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	tid := make(chan int, 1)
	rep := r.Spawn(socket.Config{Type: socket.Rep, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(r.Echo()),
		Configure: func(*zmq.Socket) error { tid <- syscall.Gettid(); return nil }})
	dealer := r.Spawn(socket.Config{Type: socket.Dealer, Connect: r.At(rep)})
	storm := make(chan struct{})
	var signals sync.WaitGroup
	signals.Go(func() {
		pid, thread := syscall.Getpid(), <-tid
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				syscall.Kill(pid, syscall.SIGURG)
				unix.Tgkill(pid, thread, syscall.SIGURG)
			case <-storm:
				return
			}
		}
	})
	var wg sync.WaitGroup
	for a := range askers {
		wg.Go(func() {
			for i := range trips / askers {
				text := fmt.Sprint(a, "-", i)
				m, err := messages.Ask(ctx, r.Root, dealer, messages.Text(text))
				if err != nil || m.Text() != text {
					t.Errorf("%s: %v, %v", text, m.Text(), err)
					return
				}
			}
		})
	}
	wg.Wait()
	close(storm)
	signals.Wait()
	if l := r.Counts(dealer); l.Delivered != trips || len(l.Dropped) > 0 {
		t.Errorf("%+v", l)
	}
}
