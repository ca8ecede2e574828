package socket

import (
	"github.com/sockeye-mq/sockeye/actors/zmqthread"
)

// A large message waits in the inbox as libzmq's memory. The actor copies it when its turn has come,
// on its own goroutine: the thread would let everybody wait meanwhile.

// ReceivedLarge implements zmqthread.Port.
func (b *box) ReceivedLarge(l zmqthread.Large) {
	p := parcel{large: l}
	var consumed bool
	if p.asker, consumed = b.pattern.took(b, l.Glimpse()); consumed {
		p.forget()
		return
	}
	b.store(p, 1)
}

// unpack makes a batch of one of a large message.
func (p *parcel) unpack() {
	if p.large != nil {
		p.batch, p.large = p.large.Batch(), nil
	}
}

// forget frees what is not wanted. Not here, for that may take long, too.
func (p *parcel) forget() {
	if p.large != nil {
		go p.large.Free()
	}
}

// bytes is the size of what was received.
func (p *parcel) bytes() int {
	if p.large != nil {
		return p.large.Size()
	}
	return len(p.batch.Data)
}
