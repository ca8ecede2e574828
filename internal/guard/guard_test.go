package guard_test

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/internal/guard"
	"github.com/sockeye-mq/sockeye/messages"
)

type strategy func(s actor.Supervisor, child *actor.PID)

func (f strategy) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, _, _ any) {
	f(s, child)
}

// byPointer can be compared, which a func cannot.
type byPointer struct{ strategy }

type byValue struct{ _ func() }

func (byValue) HandleFailure(*actor.ActorSystem, actor.Supervisor, *actor.PID, *actor.RestartStatistics, any, any) {
}

type holds struct{ actor.SupervisorStrategy }

var (
	escalating = func(any) actor.Directive { return actor.EscalateDirective }
	stopping   = func(any) actor.Directive { return actor.StopDirective }
)

func TestRefuses(t *testing.T) {
	for name, s := range map[string]actor.SupervisorStrategy{
		"nil":         nil,
		"nil pointer": (*byPointer)(nil),
		"func":        strategy(nil),
		"func inside": byValue{},
		"func deeper": holds{byValue{}},
		"all for one": actor.NewAllForOneStrategy(1, time.Second, stopping),
	} {
		if err := guard.Refuses(s); !errors.Is(err, messages.ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, s := range map[string]actor.SupervisorStrategy{
		"default":     actor.DefaultSupervisorStrategy(),
		"one for one": actor.NewOneForOneStrategy(1, time.Second, stopping),
		"exponential": actor.NewExponentialBackoffStrategy(time.Second, time.Second),
		"restarting":  actor.NewRestartingStrategy(),
		"pointer":     &byPointer{},
		"held":        holds{&byPointer{}},
		"guarded":     guard.Strategy(actor.NewAllForOneStrategy(1, time.Second, stopping)),
	} {
		if err := guard.Refuses(s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Equal strategies, guarded, share a guardian; those that cannot be one come back as they are.
func TestEqual(t *testing.T) {
	s, other := &byPointer{}, &byPointer{}
	once, again := guard.Strategy(s), guard.Strategy(s)
	if once != again || guard.Strategy(once) != once || once == guard.Strategy(other) {
		t.Error("not equal, or all equal")
	}
	if guard.Strategy(nil) != nil {
		t.Error("nil is guarded")
	}
	if _, ok := guard.Strategy(byValue{}).(byValue); !ok {
		t.Error("byValue is guarded")
	}
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
	guardian := func(s actor.SupervisorStrategy) string {
		parent := make(chan string, 1)
		pid := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
			if _, ok := c.Message().(*actor.Started); ok {
				parent <- c.Parent().Id
			}
		}, actor.WithGuardian(s)))
		defer system.Root.Stop(pid)
		return <-parent
	}
	if g := guardian(once); g != guardian(again) || g == guardian(guard.Strategy(other)) {
		t.Error("not one guardian for each strategy")
	}
}

// What would crash the process stops the actor.
func TestGuardian(t *testing.T) {
	for name, c := range map[string]struct {
		s      actor.SupervisorStrategy
		ends   bool
		logged string
	}{
		"one for one escalates": {actor.NewOneForOneStrategy(9, time.Second, escalating), true, "nobody to escalate to"},
		"all for one escalates": {actor.NewAllForOneStrategy(9, time.Second, escalating), true, "nobody to escalate to"},
		"all for one stops":     {actor.NewAllForOneStrategy(9, time.Second, stopping), true, ""},
		"all for one restarts":  {actor.NewAllForOneStrategy(9, time.Second, actor.DefaultDecider), false, ""},
		"exponential":           {actor.NewExponentialBackoffStrategy(time.Second, time.Second), false, ""},
		"panics":                {&byPointer{func(actor.Supervisor, *actor.PID) { panic("lost") }}, true, "lost"},
		"nil panics":            {&byPointer{}, true, "nil pointer"},
		"later": {&byPointer{func(s actor.Supervisor, child *actor.PID) {
			time.AfterFunc(time.Second, func() { s.RestartChildren(s.Children()...) })
		}}, false, ""},
		"escalates later": {&byPointer{func(s actor.Supervisor, child *actor.PID) {
			time.AfterFunc(time.Second, func() { s.EscalateFailure("late", nil) })
		}}, true, "reason=late"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				life, log := play(t, guard.Strategy(c.s), nil)
				want := "Started Restarting Started"
				if c.ends {
					want = "Started Stopping Stopped"
				}
				if life != want {
					t.Errorf("%s, want %s", life, want)
				}
				if (c.logged == "") != (log == "") || !strings.Contains(log, c.logged) {
					t.Errorf("logged %q, want %q", log, c.logged)
				}
			})
		})
	}
}

// Under a parent a guarded strategy is what it was: it escalates, knows all children, and its panic
// is the parent's failure.
func TestParent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, s := range []actor.SupervisorStrategy{
			actor.NewOneForOneStrategy(9, time.Second, escalating),
			&byPointer{func(actor.Supervisor, *actor.PID) { panic(errors.New("fails")) }},
		} {
			asked := 0
			life, log := play(t, nil, actor.NewOneForOneStrategy(9, time.Second, func(any) actor.Directive { asked++; return actor.StopDirective }),
				actor.WithSupervisor(guard.Strategy(s)))
			if asked != 1 || life != "Started Stopping Stopped" || log != "" {
				t.Error(asked, life, log)
			}
		}
		children := 0
		play(t, nil, actor.DefaultSupervisorStrategy(), actor.WithSupervisor(guard.Strategy(&byPointer{func(s actor.Supervisor, child *actor.PID) {
			children = len(s.Children())
			s.StopChildren(child)
		}})))
		if children != 2 {
			t.Error(children, "children")
		}
	})
}

// play lets an actor fail and returns its life and what was logged as an error. Without a guardian it
// has a parent, with those options and that guardian, and a sibling.
func play(t *testing.T, guardian, above actor.SupervisorStrategy, opts ...actor.PropsOption) (life, log string) {
	t.Helper()
	var mu sync.Mutex
	var lives []string
	var text strings.Builder
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelError}))
	}), actor.WithDeadLetterThrottleInterval(time.Millisecond))
	props := actor.PropsFromFunc(func(c actor.Context) {
		mu.Lock()
		defer mu.Unlock()
		switch m := c.Message().(type) {
		case *actor.Started:
			lives = append(lives, "Started")
		case *actor.Restarting:
			lives = append(lives, "Restarting")
		case *actor.Stopping:
			lives = append(lives, "Stopping")
		case *actor.Stopped:
			lives = append(lives, "Stopped")
		case error:
			panic(m)
		}
	})
	var pid *actor.PID
	if guardian != nil {
		pid = system.Root.Spawn(props.Clone(actor.WithGuardian(guardian)))
	} else {
		system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
			if _, ok := c.Message().(*actor.Started); ok {
				pid = c.Spawn(props)
				c.Spawn(actor.PropsFromFunc(func(actor.Context) {}))
			}
		}, append(opts, actor.WithGuardian(above))...))
	}
	synctest.Wait()
	system.Root.Send(pid, errors.New("down"))
	time.Sleep(time.Minute)
	synctest.Wait()
	mu.Lock()
	defer mu.Unlock()
	return strings.Join(lives, " "), text.String()
}
