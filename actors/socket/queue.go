package socket

import (
	"github.com/sockeye-mq/sockeye/messages"
)

// queue is messages in the order in which they were accepted, packed into chunks so that one native
// call takes many. It is not safe for concurrent use.
type queue struct {
	chunks []*chunk
	count  int // messages
	bytes  int
}

// chunk is packed messages, or a large one by itself, and how far it was sent.
type chunk struct {
	batch *messages.Batch // Count is what is left
	large [][]byte        // instead of batch
	size  int             // of large

	from        []*origin // one for each message, or nil when none has a sender
	msg         int       // index of the next message
	frame, byte int       // where it begins
}

const (
	largeMessage = 32 << 10 // bytes; from here on a message is not copied into a chunk
	chunkBytes   = 64 << 10 // a chunk that has reached this takes no more
	chunkFrames  = 1024
)

// push appends a message. Its frames must not change any more if it is large.
func (q *queue) push(prefix, body [][]byte, size int, o *origin) {
	q.count++
	q.bytes += size
	if size >= largeMessage {
		frames := append(append(make([][]byte, 0, len(prefix)+len(body)), prefix...), body...)
		q.chunks = append(q.chunks, &chunk{large: frames, size: size, from: []*origin{o}})
		return
	}
	c := q.tail(size, len(prefix)+len(body))
	n := len(prefix)
	for i, f := range prefix {
		c.batch.Data = append(c.batch.Data, f...)
		c.batch.Lens = append(c.batch.Lens, length(f, i < n-1 || len(body) > 0))
	}
	for i, f := range body {
		c.batch.Data = append(c.batch.Data, f...)
		c.batch.Lens = append(c.batch.Lens, length(f, i < len(body)-1))
	}
	c.batch.Count++
	c.remember(o)
}

// pushLoose appends a message unpacked: it does not take a chunk's room, which is for many.
func (q *queue) pushLoose(frames [][]byte, size int, o *origin) {
	q.count++
	q.bytes += size
	q.chunks = append(q.chunks, &chunk{large: frames, size: size, from: []*origin{o}})
}

// join appends all of p, which is p's end.
func (q *queue) join(p *queue) {
	q.chunks = append(q.chunks, p.chunks...)
	q.count += p.count
	q.bytes += p.bytes
}

func length(f []byte, more bool) uint32 {
	if more {
		return uint32(len(f)) | messages.More
	}
	return uint32(len(f))
}

// tail is the chunk that takes the next message.
func (q *queue) tail(bytes, frames int) *chunk {
	if n := len(q.chunks); n > 0 {
		c := q.chunks[n-1]
		if c.large == nil && len(c.batch.Data)+bytes <= chunkBytes && len(c.batch.Lens)+frames <= chunkFrames {
			return c
		}
	}
	c := &chunk{batch: messages.NewBatch()}
	q.chunks = append(q.chunks, c)
	return c
}

func (c *chunk) remember(o *origin) {
	if o != nil && c.from == nil {
		c.from = make([]*origin, c.msg+int(c.batch.Count)-1, chunkFrames)
	}
	if c.from != nil {
		c.from = append(c.from, o)
	}
}

func (c *chunk) left() int {
	if c.large != nil {
		return 1 - c.msg
	}
	return int(c.batch.Count)
}

// origin is who sent the next message.
func (q *queue) origin() *origin {
	c := q.chunks[0]
	if c.from == nil {
		return nil
	}
	return c.from[c.msg]
}

// from are the origins of the next n messages, nil if none has one.
func (q *queue) from(n int) []*origin {
	c := q.chunks[0]
	if c.from == nil {
		return nil
	}
	return c.from[c.msg : c.msg+n]
}

// advance takes messages off the front, all of one chunk.
func (q *queue) advance(msgs, frames, bytes int) {
	c := q.chunks[0]
	q.count, q.bytes = q.count-msgs, q.bytes-bytes
	c.msg, c.frame, c.byte = c.msg+msgs, c.frame+frames, c.byte+bytes
	if c.batch != nil {
		c.batch.Count -= uint32(msgs)
	}
	if c.left() == 0 {
		q.chunks[0] = nil
		q.chunks = q.chunks[1:]
		if c.batch != nil {
			c.batch.Release()
		}
	}
}

// next is where the next message lies in the first chunk.
func (q *queue) next() (frames, bytes int) {
	c := q.chunks[0]
	if c.large != nil {
		return len(c.large), c.size
	}
	for more := true; more; frames++ {
		l := c.batch.Lens[c.frame+frames]
		bytes += int(l &^ messages.More)
		more = l&messages.More != 0
	}
	return frames, bytes
}

// drop removes the next message and returns who sent it and how large it was.
func (q *queue) drop() (*origin, int) {
	o := q.origin()
	frames, bytes := q.next()
	q.advance(1, frames, bytes)
	return o, bytes
}

// pop unpacks and removes the next message.
func (q *queue) pop() (*messages.Message, *origin, int) {
	c := q.chunks[0]
	m := &messages.Message{}
	frames, _ := q.next()
	if c.large != nil {
		m.Frames = c.large
	} else {
		at := c.byte
		for _, l := range c.batch.Lens[c.frame : c.frame+frames] {
			end := at + int(l&^messages.More)
			m.Frames = append(m.Frames, append([]byte{}, c.batch.Data[at:end]...))
			at = end
		}
	}
	o, bytes := q.drop()
	return m, o, bytes
}

// peek copies the next n messages, all of one chunk.
func (q *queue) peek(n int) (all [][][]byte) {
	c := q.chunks[0]
	if c.large != nil {
		return [][][]byte{c.large}
	}
	frame, at := c.frame, c.byte
	for range n {
		var m [][]byte
		for more := true; more; frame++ {
			l := c.batch.Lens[frame]
			end := at + int(l&^messages.More)
			m = append(m, append([]byte{}, c.batch.Data[at:end]...))
			at, more = end, l&messages.More != 0
		}
		all = append(all, m)
	}
	return all
}
