package socket

import "github.com/asynkron/protoactor-go/actor"

func boxOf(system *actor.ActorSystem, pid *actor.PID) *box {
	p, _ := system.ProcessRegistry.GetLocal(pid.Id + "/answers")
	if a, ok := p.(*answerer); ok {
		return a.box
	}
	return nil
}

// Books returns the ledger of the socket pid for as long as anybody wants it, also when the actor
// is gone and Counts has nobody to ask.
func Books(system *actor.ActorSystem, pid *actor.PID) func() Ledger {
	if b := boxOf(system, pid); b != nil {
		return b.ledger
	}
	return nil
}

// Outbox is how many messages are in the outbox of pid or wait for room in it, and the bytes that
// are in it.
func Outbox(system *actor.ActorSystem, pid *actor.PID) (messages, bytes int) {
	b := boxOf(system, pid)
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.queued + len(b.waiting), b.bytes
}
