package socket

import (
	"bytes"

	"github.com/sockeye-mq/sockeye/messages"
)

// A tail is the last frame of a message, with TraceFrames on both ends: a context, or the mark alone behind
// a message that has none and whose own last frame could be taken for a tail. So whatever somebody sends
// arrives as it was.
//
// What looks like a REQ's, or like an answer to one, gets no tail: its context is in its envelope, or it
// has none. Both ends see that by the same frames.

// tailed is body with the tail that it gets.
func (b *box) tailed(prefix, body [][]byte, from *origin) [][]byte {
	t := from.context()
	switch {
	case len(body) == 0 || !b.hasTail(prefix, body):
	case t != nil:
		return append(body[:len(body):len(body)], t.frame(maxTraceFrame))
	case isTail(body[len(body)-1]):
		return append(body[:len(body):len(body)], []byte(traceMark))
	}
	return body
}

// hasTail reports whether a message of these frames can have one.
func (b *box) hasTail(prefix, body [][]byte) bool {
	switch b.cfg.Type {
	case XSub: // libzmq takes what begins with a 0 for the end of a subscription, wherever it is
		return false
	case Dealer:
		return !enveloped(prefix, body)
	case Router:
		if len(prefix) == 0 { // the identity is in the body
			return len(body) > 1 && !enveloped(nil, body[1:])
		}
		return !enveloped(prefix[1:], body)
	}
	return true
}

// enveloped reports whether frames begin as a request does, or its answer. It is the same with a tail behind
// them, and without the last frame if that looks like one.
func enveloped(prefix, body [][]byte) bool {
	f := append(prefix[:len(prefix):len(prefix)], body[:min(len(body), 3)]...)
	i := 0
	if isNumber(f[i]) {
		i++
	}
	if i < len(f) && isMarked(f[i]) {
		i++
	}
	return i < len(f) && len(f[i]) == 0
}

// maxTailed is the largest message with its tail, which does not count for MaxMessage.
func (b *box) maxTailed() int64 {
	if b.tails() {
		return min(b.cfg.MaxMessage, 1<<62) + int64(maxTraceFrame)
	}
	return b.cfg.MaxMessage
}

func isTail(f []byte) bool {
	return string(f) == traceMark || len(f) <= maxTraceFrame && isTrace(f)
}

// cutTail takes the tail off m, if there is one, and says what it says.
func (b *box) cutTail(m *messages.Message) *traceContext {
	n := len(m.Frames) - 1
	first := 0
	if b.cfg.Type == Router {
		first = 1
	}
	if n <= first || b.cfg.Type == XPub || !isTail(m.Frames[n]) { // an XSUB makes none
		return nil
	}
	if (b.cfg.Type == Router || b.cfg.Type == Dealer) && enveloped(nil, m.Frames[first:n]) {
		return nil
	}
	t := readTrace(m.Frames[n])
	m.Frames = m.Frames[:n:n]
	return t
}

// cutTails takes the tails off a batch, which has no place for what they say. It reports how many messages
// were too large without theirs, too; those are gone.
func (b *box) cutTails(batch *messages.Batch) (skipped int) {
	if !b.tails() {
		return 0
	}
	if !bytes.Contains(batch.Data, []byte(traceMark)) {
		return skipLarger(batch, b.cfg.MaxMessage)
	}
	data, lens := batch.Data, batch.Lens
	batch.Data, batch.Lens, batch.Count = data[:0], lens[:0], 0
	for len(lens) > 0 {
		frames, size := messageAt(lens)
		m := &messages.Message{Frames: framesOf(data[:size], lens[:frames])}
		data, lens = data[size:], lens[frames:]
		b.cutTail(m)
		batch.Append(m.Frames...) // never beyond what was read
	}
	return skipLarger(batch, b.cfg.MaxMessage)
}

// asSent is m, out of the outbox, as it was sent, without what was put around it.
func (b *box) asSent(m *messages.Message) *messages.Message {
	switch {
	case b.tails():
		b.cutTail(m)
	case b.wraps():
		m.Frames = m.Frames[requestEnvelope(m.Frames):]
	}
	return m
}
