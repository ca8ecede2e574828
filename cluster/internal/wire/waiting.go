package wire

import (
	"strings"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// waiting is who waits for an answer from another system: Futures and messages.Callers, which wait for one
// each. When the peer dies they are told at once. A Future that has timed out does not say so; those are
// swept out when they have doubled.
type waiting struct {
	mu      sync.Mutex
	on      map[string]request // guarded by mu: by the id of who waits
	sweepAt int                // guarded by mu
}

type request struct {
	peer   *peer
	target *actor.PID
}

func isFuture(id string) bool { return strings.HasPrefix(id, "future$") }

// waits reports whether pid is somebody of this system who waits for one answer.
func (w *Wire) waits(pid *actor.PID) bool {
	return messages.Waits(pid) && (pid.Address == w.address || pid.Address == nowhere)
}

func (x *waiting) add(id string, p *peer, target *actor.PID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.on == nil {
		x.on = map[string]request{}
	}
	x.on[id] = request{p, target}
	if len(x.on) <= max(x.sweepAt, 1024) {
		return
	}
	for id, r := range x.on {
		if _, alive := r.peer.w.system.ProcessRegistry.GetLocal(id); !alive {
			delete(x.on, id)
		}
	}
	x.sweepAt = 2 * len(x.on)
}

// answered ends a wait, and reports whether there was one.
func (x *waiting) answered(id string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	_, ok := x.on[id]
	delete(x.on, id)
	return ok
}

// of are those who wait for an answer from p.
func (x *waiting) of(p *peer) map[string]*actor.PID {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := map[string]*actor.PID{}
	for id, r := range x.on {
		if r.peer == p {
			all[id] = r.target
		}
	}
	return all
}
