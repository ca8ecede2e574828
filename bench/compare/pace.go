package main

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// patience bounds every wait of a role.
const patience = time.Minute

// pace is a sender's flow control. After every so many messages it sends a Touch, which is answered
// when all before it was taken, and waits for the answer to the one before; so that at most twice as
// many are on their way and the pipeline does not run dry. Batches that were taken it releases: without
// that, each of them would be new memory, zeroed and collected.
type pace struct {
	root  *actor.RootContext
	pid   *actor.PID
	every int

	since       int               // messages after the last Touch
	asked       *actor.Future     // the last Touch
	older, last []*messages.Batch // sent before it, and after it
}

// sent notes that m, n messages, was sent, and waits if there are too many.
func (p *pace) sent(m any, n int) error {
	if b, ok := m.(*messages.Batch); ok {
		p.last = append(p.last, b)
	}
	p.since += n
	if p.since < p.every {
		return nil
	}
	p.since = 0
	before := p.asked
	p.asked = p.root.RequestFuture(p.pid, &actor.Touch{}, patience)
	if before != nil {
		if err := before.Wait(); err != nil {
			return err
		}
	}
	for _, b := range p.older {
		b.Release()
	}
	p.older, p.last = p.last, p.older[:0]
	return nil
}

// flush waits until everything was taken.
func (p *pace) flush() error {
	return p.root.RequestFuture(p.pid, &actor.Touch{}, patience).Wait()
}
