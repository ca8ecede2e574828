package supervision

import (
	"fmt"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// CircuitState is the state of a circuit breaker. The words are those of electricity: a closed
// circuit is one that works.
type CircuitState int

const (
	// Closed: the actor runs; its failures are left to the strategy in Breaker.Then.
	Closed CircuitState = iota
	// Open: the actor has failed too often and is kept down.
	Open
	// HalfOpen: the actor runs on trial.
	HalfOpen
)

func (s CircuitState) String() string {
	switch s {
	case Closed:
		return "closed"
	case Open:
		return "open"
	case HalfOpen:
		return "half-open"
	}
	return fmt.Sprintf("CircuitState(%d)", int(s))
}

// Circuit says that the circuit of an actor has changed. A [Breaker] publishes it on the system's
// EventStream, for each actor in the order of the changes.
type Circuit struct {
	Child  *actor.PID
	State  CircuitState
	Reason any       // the failure that opened it
	Until  time.Time // Open: when the trial begins. HalfOpen: when it has succeeded. Closed: zero
}

func (c *Circuit) String() string {
	switch c.State {
	case Closed:
		return fmt.Sprintf("circuit of %s is closed", c.Child.GetId())
	default:
		return fmt.Sprintf("circuit of %s is %v until %s: %v", c.Child.GetId(), c.State, c.Until.Format(time.TimeOnly), c.Reason)
	}
}

// news are changes that are yet to be published. They go through a queue because they are made under
// a lock and told without, by several goroutines, and are to come in order.
type news struct {
	mu      sync.Mutex
	queue   []bulletin // guarded by mu
	telling bool       // guarded by mu: somebody is at it
}

type bulletin struct {
	system *actor.ActorSystem
	*Circuit
}

func (n *news) add(b bulletin) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.queue = append(n.queue, b)
}

// publish tells what there is, unless somebody else is at it, who then goes on with it.
func (n *news) publish() {
	for again := false; ; again = true {
		b, ok := n.next(again)
		if !ok {
			return
		}
		announce(b.system, b.Child, b.Circuit)
	}
}

// next takes the oldest; again says that the caller is the one who is telling.
func (n *news) next(again bool) (b bulletin, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.telling && !again {
		return b, false
	}
	if n.telling = len(n.queue) > 0; !n.telling {
		return b, false
	}
	b, n.queue = n.queue[0], n.queue[1:]
	return b, true
}
