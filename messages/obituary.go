package messages

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/extensions"
)

// obituaries remember why the last sockets of a system stopped, so that whoever talks to one
// later learns the reason and not just that nobody is there.
type obituaries struct {
	mu      sync.Mutex
	reasons map[string]error // guarded by mu: by PID id
	order   []string         // guarded by mu: oldest first
}

const keepObituaries = 1024

var obituaryID = extensions.NextExtensionID()

func (*obituaries) ExtensionID() extensions.ExtensionID { return obituaryID }

var registering sync.Mutex // Extensions is not safe for concurrent use

func obituariesOf(system *actor.ActorSystem) *obituaries {
	registering.Lock()
	defer registering.Unlock()
	if o, ok := system.Extensions.Get(obituaryID).(*obituaries); ok {
		return o
	}
	o := &obituaries{reasons: map[string]error{}}
	system.Extensions.Register(o)
	return o
}

// Bury notes why the actor pid of this system stopped. Sockets call it; the last 1,024 are kept.
func Bury(system *actor.ActorSystem, pid *actor.PID, reason error) {
	if pid == nil || reason == nil {
		return
	}
	o := obituariesOf(system)
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, known := o.reasons[pid.Id]; !known {
		o.order = append(o.order, pid.Id)
	}
	o.reasons[pid.Id] = reason
	if len(o.order) > keepObituaries {
		delete(o.reasons, o.order[0])
		o.order = append(o.order[:0], o.order[1:]...)
	}
}

func obituary(system *actor.ActorSystem, pid *actor.PID) error {
	if pid.Address != system.ProcessRegistry.Address {
		return nil
	}
	o := obituariesOf(system)
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.reasons[pid.Id]
}
