package socket_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/socket"
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/rig"
	"github.com/sockeye-mq/sockeye/messages"
	"github.com/sockeye-mq/sockeye/supervision"
)

// byValue is a strategy that cannot be a key in a map.
type byValue struct{ _ func() }

func (byValue) HandleFailure(*actor.ActorSystem, actor.Supervisor, *actor.PID, *actor.RestartStatistics, any, any) {
}

// P5: a guardian that would crash the process is refused when the socket is spawned.
func TestP5GuardiansThatAreRefused(t *testing.T) {
	for _, g := range []actor.SupervisorStrategy{actor.NewAllForOneStrategy(3, time.Second, actor.DefaultDecider), byValue{}} {
		t.Run(fmt.Sprintf("%T", g), func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			pid := r.SpawnSupervised(g, socket.Config{Type: socket.Pull})
			_, err := socket.Endpoints(r.Ctx, r.Root, pid)
			var config *socket.ConfigError
			if !errors.Is(err, messages.ErrConfig) || !errors.As(err, &config) || config.Field != "WithGuardian" {
				t.Error(err)
			}
		})
	}
}

// P5: one that escalates has nobody to escalate to; the socket stops, with the reason.
func TestP5GuardianThatEscalates(t *testing.T) {
	escalate := func(any) actor.Directive { return actor.EscalateDirective }
	for name, g := range map[string]actor.SupervisorStrategy{
		"Proto.Actor's one-for-one": actor.NewOneForOneStrategy(3, time.Second, escalate),
		"Backoff":                   &supervision.Backoff{Decide: escalate},
		"AllForOne":                 &supervision.AllForOne{Backoff: supervision.Backoff{Decide: escalate}},
	} {
		t.Run(name, func(t *testing.T) {
			r := rig.Start(t, zmqthread.Config{})
			events := r.Collector()
			pid := r.SpawnSupervised(g, socket.Config{Type: socket.Pull, Events: events.PID})
			r.Root.Send(pid, &socket.Fail{Err: errBroken, Kept: true})
			if stopped, _ := rig.Await[*socket.Stopped](events); !errors.Is(stopped.Reason, errBroken) {
				t.Error(stopped.Reason)
			}
		})
	}
}

var errBroken = errors.New("broken")

// A circuit that is open refuses at once what it would otherwise keep waiting, and says until when.
func TestCircuitBreaker(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	in, events := r.Collector(), r.Collector()
	pull := r.Spawn(socket.Config{Type: socket.Pull, Bind: []string{"tcp://127.0.0.1:*"}, Deliver: socket.To(in.PID)})
	states := make(chan supervision.CircuitState, 10)
	r.System.EventStream.Subscribe(func(x any) {
		if c, ok := x.(*supervision.Circuit); ok {
			states <- c.State
		}
	})
	push := r.SpawnSupervised(&supervision.Breaker{Failures: 1, Window: time.Minute, Open: 200 * time.Millisecond},
		socket.Config{Type: socket.Push, Connect: r.At(pull), Events: events.PID})
	r.Peers(push, 1)
	r.Root.Send(push, &socket.Fail{Err: errBroken})
	if s := <-states; s != supervision.Open {
		t.Fatal(s)
	}
	rig.Until(t, "it refuses", func() bool {
		return errors.Is(messages.Put(r.Ctx, r.Root, push, messages.Text("in vain")), messages.ErrCircuitOpen)
	})
	if s := <-states; s != supervision.HalfOpen {
		t.Fatal(s)
	}
	rig.Await[*socket.Failed](events)
	rig.Await[*socket.Opened](events)
	r.Put(push, messages.Text("well again"))
	for m := in.Message(); m.Text() != "well again"; m = in.Message() {
		if m.Text() != "in vain" { // it was put before the socket knew
			t.Error(m)
		}
	}
	if s := <-states; s != supervision.Closed {
		t.Fatal(s)
	}
}

// Whoever waits when the circuit opens is told then.
func TestCircuitBreakerTellsWhoeverWaits(t *testing.T) {
	r := rig.Start(t, zmqthread.Config{})
	pid := r.SpawnSupervised(&supervision.Breaker{Failures: 1, Open: time.Hour},
		socket.Config{Type: socket.Dealer, Outbox: socket.Limit{Messages: 2}}) // no peer
	waits := make(chan error, 4)
	for range 2 {
		go func() {
			_, err := messages.Ask(r.Ctx, r.Root, pid, messages.Text("?"))
			waits <- err
		}()
	}
	rig.Until(t, "the outbox is full", func() bool { return r.Counts(pid).Queued == 2 })
	for range 2 {
		go func() { waits <- messages.Put(r.Ctx, r.Root, pid, messages.Text("room?")) }()
	}
	rig.Until(t, "two wait for room", func() bool { n, _ := socket.Outbox(r.System, pid); return n == 4 })
	r.Root.Send(pid, &socket.Fail{Err: errBroken})
	for range 4 {
		if err := <-waits; !errors.Is(err, messages.ErrCircuitOpen) {
			t.Error(err)
		}
	}
}
