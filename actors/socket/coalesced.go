package socket

import (
	"fmt"
	"slices"

	"github.com/sockeye-mq/sockeye/actors/zmqthread"
	"github.com/sockeye-mq/sockeye/internal/coalesce"
	"github.com/sockeye-mq/sockeye/messages"
)

// Config.Coalesce: a chunk of the outbox travels as one message of ZeroMQ's, with an index of what is
// in it (docs/coalesce.md). Everything else stays as it is, above all who counts what: the ledger, the
// outbox, the window and MaxMessage are about the messages of users.

// CoalesceError says why a message that came in was not a coalesced one; errors.Is finds
// messages.ErrMalformed in it.
type CoalesceError = coalesce.Error

// NotCoalesced is the event of a message that was dropped, and counted as "not coalesced", because its
// sender does not speak Config.Coalesce, or another version of it.
type NotCoalesced struct{ Err *CoalesceError }

func (e *NotCoalesced) String() string { return "dropped a message: " + e.Err.Error() }

const (
	// coalescedHWM is the default high-water mark, which counts coalesced messages: 4 MiB at most.
	coalescedHWM = 64
	// A coalesced message is read when there is room for all that may be in it, and the room that
	// nobody says anything about is up to half a window (see touch).
	coalescedWindow = 2 * coalesce.MaxFrames
)

func (c *Config) checkCoalesce() error {
	switch {
	case !c.Coalesce:
		return nil
	case c.Type != Push && c.Type != Pull && c.Type != Pair && c.Type != Dealer:
		return &ConfigError{"Coalesce", true, "only for Push, Pull, Pair and Dealer"}
	case c.Retry:
		return &ConfigError{"Retry", true, "not with Coalesce"}
	case c.Window > 0 && c.Window < coalescedWindow:
		return &ConfigError{"Window", c.Window, fmt.Sprintf("with Coalesce it is %d at least", coalescedWindow)}
	case c.Options.Conflate:
		return &ConfigError{"Options.Conflate", true, "keeps one frame, a coalesced message has two"}
	case c.Options.MaxMsgSize > 0 && c.Options.MaxMsgSize < coalesce.MaxBytes:
		return &ConfigError{"Options.MaxMsgSize", c.Options.MaxMsgSize, "a coalesced message has up to 64 KiB; see MaxMessage"}
	}
	return nil
}

// coalescedDefaults are those of Config that Coalesce changes.
func (c *Config) coalescedDefaults() {
	if c.Coalesce {
		def(&c.Window, max(coalescedWindow, 8*c.Batch))
		def(&c.Options.SendHWM, coalescedHWM)
		def(&c.Options.RecvHWM, coalescedHWM)
	}
}

// bundle is what the load at hand stands for.
type bundle struct{ msgs, frames, bytes int }

// bundled makes what is next in the outbox into one message.
func (b *box) bundled(c *chunk) zmqthread.Load {
	if c.large != nil {
		b.bundle = bundle{1, len(c.large), c.size}
		return zmqthread.Load{Frames: append(slices.Clone(c.large), coalesce.Alone), Most: 1}
	}
	data, lens := c.batch.Data[c.byte:], c.batch.Lens[c.frame:]
	b.bundle = bundle{int(c.batch.Count), len(lens), len(data)}
	if len(lens) > coalesce.MaxFrames { // one message of very many frames
		return zmqthread.Load{Frames: append(framesOf(data, lens), coalesce.Alone), Most: 1}
	}
	b.index = coalesce.AppendIndex(b.index[:0], lens)
	return zmqthread.Load{Frames: [][]byte{data, b.index}, Most: 1}
}

// chunkLimit is how much data of a chunk is sent in one go.
func (b *box) chunkLimit() int {
	if b.cfg.Coalesce {
		return coalesce.DataBytes
	}
	return chunkBytes
}

// least is how much room there must be before the socket is read. Immutable.
func (b *box) least() int {
	if b.cfg.Coalesce {
		return coalesce.MaxFrames
	}
	return 1
}

// maxReceived is the largest message of ZeroMQ's that is received.
func (b *box) maxReceived() int64 {
	if b.cfg.Coalesce {
		return b.maxTailed() + coalesce.MaxBytes
	}
	return b.maxTailed()
}

// decode makes a received message what it stands for. If that is nothing, it says why, for the books.
func (b *box) decode(batch *messages.Batch) (skipped int, why reason) {
	if err := coalesce.Decode(batch); err != nil {
		b.mu.Lock()
		b.event(&NotCoalesced{err.(*CoalesceError)})
		b.mu.Unlock()
		return 1, foreign
	}
	if skipped = skipLarger(batch, b.maxTailed()); batch.Count == 0 {
		return skipped, tooLarge
	}
	return skipped, delivered
}

// receivedCoalesced makes what the thread has received what it stands for, and reports whether that
// is anything.
func (b *box) receivedCoalesced(batch *messages.Batch) bool {
	skipped, why := b.decode(batch)
	if skipped == 0 {
		return true
	}
	if why == delivered {
		why = tooLarge
	}
	b.mu.Lock()
	b.books.received += uint64(skipped)
	b.books.dropped[why] += uint64(skipped)
	post := b.nudge()
	b.mu.Unlock()
	post()
	return batch.Count > 0 && why != foreign
}

// unpackLarge makes a parcel's large message, which is on its books already, what it stands for, and
// reports whether that is anything.
func (b *box) unpackLarge(p *parcel) bool {
	fresh := p.large != nil
	p.unpack()
	if !fresh || !b.cfg.Coalesce {
		return true
	}
	if _, why := b.decode(p.batch); why != delivered {
		b.book(1, why)
		return false
	}
	return true
}

// skipLarger takes messages of more than most bytes out of a batch.
func skipLarger(b *messages.Batch, most int64) (skipped int) {
	if int64(len(b.Data)) <= most {
		return 0
	}
	kept := messages.NewBatch()
	for _, m := range b.Messages() {
		if int64(m.Size()) > most {
			skipped++
		} else {
			kept.Append(m.Frames...)
		}
	}
	if skipped > 0 {
		b.Data, b.Lens, b.Count = append(b.Data[:0], kept.Data...), append(b.Lens[:0], kept.Lens...), kept.Count
	}
	kept.Release()
	return skipped
}

// cut splits a parcel of more messages than a Batch may have.
func (b *box) cut(p *parcel) (rest parcel, more bool) {
	n := b.cfg.Batch
	if !b.cfg.Coalesce || n == 0 || p.batch == nil || int(p.batch.Count) <= n {
		return parcel{}, false
	}
	all := p.batch
	frames, bytes := 0, 0
	for range n {
		f, k := messageAt(all.Lens[frames:])
		frames, bytes = frames+f, bytes+k
	}
	p.batch = &messages.Batch{Data: all.Data[:bytes:bytes], Lens: all.Lens[:frames:frames], Count: uint32(n)}
	return parcel{batch: &messages.Batch{Data: all.Data[bytes:], Lens: all.Lens[frames:], Count: all.Count - uint32(n)}}, true
}
