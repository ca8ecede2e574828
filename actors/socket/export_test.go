package socket

import "github.com/asynkron/protoactor-go/actor"

// Books returns the ledger of the socket pid for as long as anybody wants it, also when the actor
// is gone and Counts has nobody to ask.
func Books(system *actor.ActorSystem, pid *actor.PID) func() Ledger {
	p, _ := system.ProcessRegistry.GetLocal(pid.Id + "/answers")
	if a, ok := p.(*answerer); ok {
		return a.box.ledger
	}
	return nil
}

// Waiting is how many messages are in the outbox of pid or wait for room in it.
func Waiting(system *actor.ActorSystem, pid *actor.PID) int {
	p, _ := system.ProcessRegistry.GetLocal(pid.Id + "/answers")
	b := p.(*answerer).box
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.queued + len(b.waiting)
}
