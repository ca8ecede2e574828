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
	limit  int // bytes of a chunk; 0: chunkBytes
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

// pushBatch appends all messages of a batch, as many at a time as a chunk takes.
func (q *queue) pushBatch(b *messages.Batch, o *origin) {
	for frame, at := 0, 0; frame < len(b.Lens); {
		n, frames, bytes := fill(b.Lens[frame:], q.room())
		if n == 0 { // too much for what is left, or for any chunk
			frames, bytes = messageAt(b.Lens[frame:])
			q.push(nil, framesOf(b.Data[at:at+bytes], b.Lens[frame:frame+frames]), bytes, o)
		} else {
			c := q.tail(bytes, frames)
			c.batch.Data = append(c.batch.Data, b.Data[at:at+bytes]...)
			c.batch.Lens = append(c.batch.Lens, b.Lens[frame:frame+frames]...)
			for range n {
				c.batch.Count++
				c.remember(o)
			}
			q.count += n
			q.bytes += bytes
		}
		frame, at = frame+frames, at+bytes
	}
}

// room is what a chunk takes.
type room struct{ bytes, frames int }

func (q *queue) most() int {
	if q.limit > 0 {
		return q.limit
	}
	return chunkBytes
}

// room is what the last chunk still takes, or a new one if that takes nothing.
func (q *queue) room() room {
	r := room{q.most(), chunkFrames}
	if n := len(q.chunks); n > 0 && q.chunks[n-1].large == nil {
		b := q.chunks[n-1].batch
		if left := (room{r.bytes - len(b.Data), r.frames - len(b.Lens)}); left.bytes > 0 && left.frames > 0 {
			return left
		}
	}
	return r
}

// fill says how many whole messages that are not large fit into so many frames and bytes.
func fill(lens []uint32, room room) (n, frames, bytes int) {
	size := 0
	for i, l := range lens[:min(len(lens), room.frames)] {
		size += int(l &^ messages.More)
		if bytes+size > room.bytes || size >= largeMessage {
			break
		}
		if l&messages.More == 0 {
			n, frames, bytes, size = n+1, i+1, bytes+size, 0
		}
	}
	return n, frames, bytes
}

// messageAt is how many frames and bytes the first message has.
func messageAt(lens []uint32) (frames, bytes int) {
	for more := true; more; frames++ {
		bytes += int(lens[frames] &^ messages.More)
		more = lens[frames]&messages.More != 0
	}
	return frames, bytes
}

// framesOf cuts data; the frames share its memory.
func framesOf(data []byte, lens []uint32) [][]byte {
	frames := make([][]byte, len(lens))
	for i, l := range lens {
		n := int(l &^ messages.More)
		frames[i], data = data[:n:n], data[n:]
	}
	return frames
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
		if c.large == nil && len(c.batch.Data)+bytes <= q.most() && len(c.batch.Lens)+frames <= chunkFrames {
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
	return messageAt(c.batch.Lens[c.frame:])
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
