package browser

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/inspect"
	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
)

// quick is an inspector that looks again soon.
var quick = inspect.Config{Interval: 100 * time.Millisecond}

var acting = inspect.Config{Interval: 100 * time.Millisecond, Actions: true}

// family spawns an ordinary actor with so many sockets below it: parent/s-1, parent/s-2, …
func family(r *rig.Rig, name string, n int) {
	r.T.Helper()
	up := make(chan error, 1)
	pid, err := r.Root.SpawnNamed(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); !ok {
			return
		}
		for i := range n {
			if _, err := c.SpawnNamed(socket.Props(r.Thread, socket.Config{Type: socket.Dealer, NoMonitor: true}), fmt.Sprintf("s-%d", i+1)); err != nil {
				up <- err
				return
			}
		}
		up <- nil
	}), name)
	if err == nil {
		err = <-up
	}
	if err != nil {
		r.T.Fatal(err)
	}
	r.T.Cleanup(func() { r.Root.StopFuture(pid).Wait() })
	await(r.T, fmt.Sprintf("%d sockets are open", n), func() bool {
		open := 0
		for s := range socket.All(r.System) {
			if s.State == socket.StateOpen {
				open++
			}
		}
		return open >= n
	})
}

// await is rig.Until for what takes longer.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(2 * patience); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("in vain until %s", what)
		}
	}
}

// pair is a PUSH and a PULL, and who gets what comes.
func pair(r *rig.Rig, guardian actor.SupervisorStrategy) (push, pull *actor.PID, in *rig.Collector) {
	r.T.Helper()
	in = r.Collector()
	pull = r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(in.PID)}, actor.WithGuardian(guardian))
	push = r.Spawn(socket.Config{Type: socket.Push, Connect: r.At(pull)}, actor.WithGuardian(guardian))
	r.Peers(push, 1)
	return push, pull, in
}

// keeper is a strategy that waits until it is told to restart.
type keeper struct{ failed chan func() }

func newKeeper() *keeper { return &keeper{make(chan func(), 16)} }

func (k *keeper) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, _, _ any) {
	k.failed <- func() { s.RestartChildren(child) }
}

func number(n int) *messages.Message { return messages.Text(fmt.Sprint(n)) }

// fail makes a socket fail.
func fail(r *rig.Rig, pid *actor.PID, why string) {
	r.Root.Send(pid, &socket.Fail{Err: errors.New(why)})
}
