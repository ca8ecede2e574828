package socket

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/sockeye-mq/sockeye/messages"
)

// offer is something on its way into the queue, which may have to wait for room.
type offer struct {
	items []item          // messages that are addressed one by one
	one   [1]item         // the memory of items for a single message
	batch *messages.Batch // instead of items, if its messages go as they are
	pack  *queue          // of several: packed already, for that takes time and must not happen under mu
	n     int             // messages
	bytes int
	from  *origin
}

// item is one message on its way into the queue.
type item struct {
	m    *messages.Message
	size int
}

// packUnlocked: a batch of so many bytes or frames is packed without the lock, into chunks of its own.
// A smaller one is copied in behind what is there.
const (
	packUnlockedBytes  = 8 << 10
	packUnlockedFrames = 128
)

// packsUnlocked reports whether a batch is packed before the lock is taken. With Coalesce only one that
// makes a full chunk is: what is half full there is half of what could have been sent in one go.
func (b *box) packsUnlocked(batch *messages.Batch) bool {
	if b.cfg.Coalesce {
		return len(batch.Data) >= b.chunkLimit() || len(batch.Lens) >= chunkFrames
	}
	return len(batch.Data) >= packUnlockedBytes || len(batch.Lens) >= packUnlockedFrames
}

// plain is a pattern whose messages go as they are: address puts nothing in front of any and refuses
// none, unless its sender asks.
type plain interface{ plain() }

func (push) plain()    {}
func (pub) plain()     {}
func (pair) plain()    {}
func (*dealer) plain() {}

// sendOne accepts a message of a sender who does not want to know: the short way of most. It reports
// whether it did; if not, nothing has happened.
func (b *box) sendOne(m *messages.Message) bool {
	size := m.Size()
	if b.tails() || len(m.GetFrames()) == 0 || !b.pattern.sends() || int64(size) > min(b.cfg.MaxMessage, messages.MaxFrame) {
		return false
	}
	b.lock()
	if b.sealed != nil || b.tripped != "" || len(b.waiting) > 0 || !b.fits(1, size) {
		b.mu.Unlock()
		return false
	}
	prefix, body, no := b.pattern.address(b, m, nil)
	if no != 0 {
		b.mu.Unlock()
		return false
	}
	if prefix != nil || m.Envelope > 0 {
		size = sizeOf(prefix) + sizeOf(body)
	}
	b.in.push(prefix, body, size, nil)
	b.bytes += size
	b.entered(1)
	tell := !b.told
	b.told = true
	b.mu.Unlock()
	if tell {
		b.kick()
	}
	return true
}

// lock takes mu for a sender, of whom there may be many. They wait for each other in the run queue, for
// who waits in a mutex for long has it handed over, and that takes longer than what it guards.
func (b *box) lock() {
	for range 16 {
		if b.mu.TryLock() {
			return
		}
		runtime.Gosched()
	}
	b.mu.Lock()
}

// unwrap finds out what is to be sent, and what is wrong with it.
func (b *box) unwrap(x any, from *origin) (*offer, messages.Reason, string) {
	o := &offer{from: from}
	batch, _ := x.(*messages.Batch)
	m, _ := x.(*messages.Message)
	if of, ok := x.(*messages.Offer); ok {
		m, batch = of.GetMessage(), of.GetBatch()
		if from.sender() != nil {
			from.offers, from.accept = true, of.GetAccept()
		}
	}
	switch {
	case !b.pattern.sends():
		return nil, messages.Reason_WRONG_DIRECTION, known[b.cfg.Type] + " does not send"
	case batch != nil && !batch.Check():
		return nil, messages.Reason_MALFORMED, "the batch's lengths, count and data do not fit one another"
	case batch != nil:
		if batch.Count > 1 && from.asks() {
			return nil, messages.Reason_UNSUPPORTED, "one reply for a batch of several requests"
		}
		o.many(batch, b.plain)
	case len(m.GetFrames()) == 0:
		return nil, messages.Reason_MALFORMED, "a message has at least one frame"
	default:
		o.items = o.one[:0]
		o.add(m)
	}
	if size, frame := o.largest(); int64(size) > b.cfg.MaxMessage || frame > messages.MaxFrame {
		return nil, messages.Reason_TOO_LARGE, fmt.Sprintf("%d bytes, MaxMessage is %d", size, b.cfg.MaxMessage)
	}
	if o.n > 1 && !b.wraps() && (o.batch == nil || b.packsUnlocked(batch)) {
		o.packUp(b.chunkLimit())
	}
	return o, 0, ""
}

// many takes a batch, whole if its messages go as they are.
func (o *offer) many(batch *messages.Batch, plain bool) {
	if plain && batch.Count > 1 {
		o.batch, o.n, o.bytes = batch, int(batch.Count), len(batch.Data)
		return
	}
	all := batch.Messages()
	o.items = make([]item, 0, len(all))
	for _, m := range all {
		o.add(m)
	}
}

func (o *offer) add(m *messages.Message) {
	n := m.Size()
	o.items = append(o.items, item{m, n})
	o.n++
	o.bytes += n
}

// largest is the size of the largest message, and of the largest frame.
func (o *offer) largest() (message, frame int) {
	if o.batch != nil {
		size := 0
		for _, l := range o.batch.Lens {
			n := int(l &^ messages.More)
			size += n
			message = max(message, size)
			if l&messages.More == 0 {
				size = 0
			}
		}
		return message, 0 // no length in a batch is too large for a frame
	}
	for _, it := range o.items {
		message = max(message, it.size)
		if it.size > messages.MaxFrame {
			frame = max(frame, len(slices.MaxFunc(it.m.Frames, func(x, y []byte) int { return len(x) - len(y) })))
		}
	}
	return message, frame
}

// packUp makes a queue of several messages.
func (o *offer) packUp(limit int) {
	o.pack = &queue{limit: limit}
	if o.batch != nil {
		o.pack.pushBatch(o.batch, o.kept())
		return
	}
	for _, it := range o.items {
		o.pack.push(nil, it.m.Frames, it.size, o.kept())
	}
}

// kept is what the queue remembers of the sender.
func (o *offer) kept() *origin {
	if o.from.sender() == nil {
		return nil
	}
	return o.from
}

// first is a message of those that are addressed one by one, nil for a batch that goes as it is.
func (o *offer) first() *messages.Message {
	if len(o.items) == 0 {
		return nil
	}
	return o.items[0].m
}
