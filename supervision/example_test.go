package supervision_test

import (
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/supervision"
)

var quiet = actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) })

// An actor that fails twice before it works.
func ExampleBackoff() {
	system := actor.NewActorSystem(quiet)
	restart := actor.WithGuardian(&supervision.Backoff{Min: 10 * time.Millisecond, Max: time.Second, Retries: 5})

	attempts, up := 0, make(chan bool)
	system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			if attempts++; attempts < 3 {
				panic(syscall.EADDRINUSE)
			}
			close(up)
		}
	}, restart))
	<-up
	fmt.Println("up at attempt", attempts)
	// Output: up at attempt 3
}

// Two actors that cannot do without each other.
func ExampleAllForOne() {
	system := actor.NewActorSystem(quiet)
	up := make(chan string, 2)
	part := func(name string) *actor.Props {
		return actor.PropsFromFunc(func(c actor.Context) {
			switch m := c.Message().(type) {
			case *actor.Started:
				up <- name
			case error:
				panic(m)
			}
		})
	}
	system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			c.Spawn(part("a frontend"))
			backend := c.Spawn(part("a backend"))
			c.Send(backend, errors.New("the backend has lost its way"))
		}
	}, actor.WithSupervisor(&supervision.AllForOne{Backoff: supervision.Backoff{Min: 10 * time.Millisecond}})))

	count := map[string]int{}
	for range 4 {
		count[<-up]++
	}
	fmt.Println(count)
	// Output: map[a backend:2 a frontend:2]
}

// A circuit that opens at the second failure, and what is published about it.
func ExampleBreaker() {
	system := actor.NewActorSystem(quiet)
	changes := make(chan *supervision.Circuit, 3)
	system.EventStream.Subscribe(func(event any) {
		if c, ok := event.(*supervision.Circuit); ok {
			changes <- c
		}
	})
	pid := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if err, ok := c.Message().(error); ok {
			panic(err)
		}
	}, actor.WithGuardian(&supervision.Breaker{Failures: 2, Window: time.Minute, Open: 20 * time.Millisecond})))

	system.Root.Send(pid, errors.New("the peer talks nonsense"))
	system.Root.Send(pid, errors.New("the peer talks nonsense again"))
	for range 3 {
		c := <-changes
		fmt.Println(c.State, "–", c.Reason)
	}
	// Output:
	// open – the peer talks nonsense again
	// half-open – the peer talks nonsense again
	// closed – the peer talks nonsense again
}

// A port below 1024 may be granted later: try again, where the default would give up. And what has
// lost its ZeroMQ context is of no more use.
func ExampleClassed() {
	decide := supervision.Classed(func(err error) zmqthread.Class {
		if errors.Is(err, syscall.EACCES) {
			return zmqthread.Transient
		}
		return zmqthread.ClassOf(err)
	}, map[zmqthread.Class]actor.Directive{
		zmqthread.Gone: actor.StopDirective,
	})
	_ = &supervision.Backoff{Decide: decide}

	name := map[actor.Directive]string{actor.RestartDirective: "restart", actor.StopDirective: "stop", actor.EscalateDirective: "escalate"}
	for _, err := range []error{syscall.EADDRINUSE, syscall.EACCES, syscall.EINVAL, syscall.ENOTSOCK} {
		fmt.Printf("%v: %s, not %s\n", err, name[decide(err)], name[supervision.Decide(err)])
	}
	// Output:
	// address already in use: restart, not restart
	// permission denied: restart, not stop
	// invalid argument: stop, not stop
	// socket operation on non-socket: stop, not escalate
}

// Proto.Actor's strategies as guardians: to escalate would crash the process.
func ExampleGuarded() {
	system := actor.NewActorSystem(quiet)
	giveUp := func(any) actor.Directive { return actor.EscalateDirective }
	guardian := supervision.Guarded(actor.NewOneForOneStrategy(3, time.Second, giveUp))

	stopped := make(chan bool)
	pid := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case error:
			panic(m)
		case *actor.Stopped:
			close(stopped)
		}
	}, actor.WithGuardian(guardian)))
	system.Root.Send(pid, errors.New("it is hopeless"))
	<-stopped
	fmt.Println("stopped")

	fmt.Println(supervision.Refuses(actor.NewAllForOneStrategy(3, time.Second, giveUp)))
	// Output:
	// stopped
	// guardian: wrong configuration: a guardian does not know the children that an all-for-one strategy asks for
}
