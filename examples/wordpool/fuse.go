package main

import (
	"errors"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// fuse is in every worker and in every worker's socket. Once it is lit, the next message is the
// last: the actor panics over it, as any actor may over a bug, and its supervisor restarts it.
//
// What is lost differs. A worker takes its socket along, which is closed with all that it had
// received. A socket that fails alone gets back what it had, on the same connection: nothing is
// lost.
type fuse struct{ lit atomic.Bool }

var errKilled = errors.New("killed")

func (f *fuse) light() { f.lit.Store(true) }

// faulty is the fuse as an option of the props of the actor it is in.
func (f *fuse) faulty() actor.PropsOption {
	return actor.WithReceiverMiddleware(func(next actor.ReceiverFunc) actor.ReceiverFunc {
		return func(c actor.ReceiverContext, e *actor.MessageEnvelope) {
			if mayFail(e.Message) && f.lit.Swap(false) {
				panic(errKilled)
			}
			next(c, e)
		}
	})
}

// mayFail: an actor that panics while it stops hangs those who wait for it (Proto.Actor).
func mayFail(m any) bool {
	switch m.(type) {
	case actor.SystemMessage, actor.AutoReceiveMessage:
		return false
	}
	return true
}
