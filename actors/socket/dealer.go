package socket

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/sockeye-mq/sockeye/messages"
)

// dealer sends and receives whole messages as they are, to and from its peers in turn.
//
// A request whose sender waits for the one reply (messages.Ask, a Future) is correlated: it
// travels as [number, "", frames…], an envelope that every REP and every ROUTER that answers its
// clients echoes (facts Z9), so that many may be in flight; with Config.Trace its context travels behind
// the number. A reply to a request that nobody waits
// for any more is counted and dropped.
type dealer struct {
	duplex
	epoch [5]byte // tells our numbers from whatever else begins a message
}

func newDealer() pattern {
	d := &dealer{duplex: duplex{simple{Dealer}}}
	rand.Read(d.epoch[1:]) // the first byte is 0: no identity that a user sets begins so
	return d
}

func (d *dealer) address(b *box, m *messages.Message, o *origin) ([][]byte, [][]byte, messages.Reason) {
	if !o.asks() {
		return nil, m.Frames, 0
	}
	b.seq++
	o.number = b.seq
	b.asked[o.number] = o
	number := binary.BigEndian.AppendUint64(d.epoch[:len(d.epoch):len(d.epoch)], o.number)
	if o.trace != nil {
		return [][]byte{number, o.trace.frame(maxEnvelopeTrace), {}}, m.Frames, 0
	}
	return [][]byte{number, {}}, m.Frames, 0
}

func (d *dealer) arrived(b *box, m *messages.Message) arrival {
	f := m.Frames
	n, end := len(d.epoch), requestEnvelope(f)
	if end < 2 || len(f[0]) != n+8 || [5]byte(f[0][:n]) != d.epoch {
		return d.duplex.arrived(b, m)
	}
	if o := b.answered(binary.BigEndian.Uint64(f[0][n:])); o != nil {
		return arrival{message: &messages.Message{Frames: f[end:]}, asker: o}
	}
	return arrival{drop: late}
}

// orphaned is for connections that were made by a name.
func (d *dealer) orphaned(b *box) { d.detached(b) }

// detached answers everybody whose request went down with the native socket, or keeps it for the next.
func (d *dealer) detached(b *box) {
	if b.cfg.Retry {
		b.carryAsked()
		return
	}
	b.refuseAsked(lostOnWire)
}
