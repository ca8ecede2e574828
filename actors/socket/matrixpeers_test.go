package socket

import "github.com/asynkron/protoactor-go/actor"

// Peers is how many peers pid has.
func Peers(system *actor.ActorSystem, pid *actor.PID) int {
	b := boxOf(system, pid)
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.peers.count(b.typeOfPeers())
}
