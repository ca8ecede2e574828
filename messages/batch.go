package messages

import (
	"iter"
	"sync"
)

// More is the bit that is set in Batch.Lens for a frame that another frame of the same message
// follows. MaxFrame is the largest frame that a Batch, and so Sockeye, can carry, in bytes.
const (
	More     = 1 << 31
	MaxFrame = More - 1
)

// RoomBytes is the capacity of a new Batch in bytes. Together with roomFrames it marks the memory that
// Release gives to the next one: nothing else has both capacities. A small batch of a socket's is
// marked by the small ones.
const (
	RoomBytes       = 64 << 10
	roomFrames      = 1024
	smallRoomBytes  = 4 << 10
	smallRoomFrames = 64
)

type room struct {
	data []byte
	lens []uint32
}

func roomsOf(bytes, frames int) *sync.Pool {
	return &sync.Pool{New: func() any {
		return &room{make([]byte, 0, bytes), make([]uint32, 0, frames)}
	}}
}

var rooms, smallRooms = roomsOf(RoomBytes, roomFrames), roomsOf(smallRoomBytes, smallRoomFrames)

// NewBatch returns an empty batch with room for some messages.
func NewBatch() *Batch {
	r := rooms.Get().(*room)
	return &Batch{Data: r.data[:0], Lens: r.lens[:0]}
}

// Trim returns a copy of b in memory that is not much larger than it is, and that Release may give
// back.
func (b *Batch) Trim() *Batch {
	if len(b.Data) > smallRoomBytes || len(b.Lens) > smallRoomFrames {
		return b.Clone()
	}
	r := smallRooms.Get().(*room)
	return &Batch{Data: append(r.data[:0], b.Data...), Lens: append(r.lens[:0], b.Lens...), Count: b.Count, Routed: b.Routed}
}

// Join appends all of other, if that fits into the memory that b has, and reports whether it did.
func (b *Batch) Join(other *Batch) bool {
	if len(b.Data)+len(other.Data) > cap(b.Data) || len(b.Lens)+len(other.Lens) > cap(b.Lens) || b.Routed != other.Routed {
		return false
	}
	b.Data = append(b.Data, other.Data...)
	b.Lens = append(b.Lens, other.Lens...)
	b.Count += other.Count
	return true
}

// Pack returns ms as one batch. It copies their frames.
func Pack(ms ...*Message) *Batch {
	b := NewBatch()
	for _, m := range ms {
		b.Append(m.Frames...)
	}
	return b
}

// Release gives b's memory back early. It is optional; a receiver that calls it no longer uses b,
// nor anything that Messages or Frames returned; a message of 32 KiB or more that was made of those
// and sent on counts as use. Calling it again does nothing.
//
// A sender may call it when b was taken: Put has returned, or a Touch that was sent to the socket
// after b was answered. A batch with a message of 32 KiB or more is sent from where it is, possibly
// later than that: leave it to the garbage collector.
func (b *Batch) Release() {
	data, lens := b.Data, b.Lens
	b.Data, b.Lens, b.Count = nil, nil, 0
	switch {
	case cap(data) == RoomBytes && cap(lens) == roomFrames:
		rooms.Put(&room{data, lens})
	case cap(data) == smallRoomBytes && cap(lens) == smallRoomFrames:
		smallRooms.Put(&room{data, lens})
	}
}

// Append copies frames behind b as one more message. A message has at least one frame.
func (b *Batch) Append(frames ...[]byte) {
	for i, f := range frames {
		b.Data = append(b.Data, f...)
		n := uint32(len(f))
		if i < len(frames)-1 {
			n |= More
		}
		b.Lens = append(b.Lens, n)
	}
	if len(frames) > 0 {
		b.Count++
	}
}

// Clone copies b into memory of exactly its size.
func (b *Batch) Clone() *Batch {
	return &Batch{
		Data:   append(make([]byte, 0, len(b.Data)), b.Data...),
		Lens:   append(make([]uint32, 0, len(b.Lens)), b.Lens...),
		Count:  b.Count,
		Routed: b.Routed,
	}
}

// Check reports whether lengths, count and data fit one another. What a socket delivers always
// does; what comes from elsewhere is checked before it is sent.
func (b *Batch) Check() bool {
	bytes, count := 0, uint32(0)
	for _, l := range b.Lens {
		bytes += int(l &^ More)
		if l&More == 0 {
			count++
		}
	}
	n := len(b.Lens)
	return n > 0 && b.Lens[n-1]&More == 0 && count == b.Count && bytes == len(b.Data)
}

// Frames yields every frame, and whether it is its message's last, without allocating.
func (b *Batch) Frames() iter.Seq2[[]byte, bool] {
	return func(yield func([]byte, bool) bool) {
		at := 0
		for _, l := range b.Lens {
			n := int(l &^ More)
			if !yield(b.Data[at:at+n:at+n], l&More == 0) {
				return
			}
			at += n
		}
	}
}

// Messages unpacks b. The messages share b's memory and three allocations, however many they are.
func (b *Batch) Messages() []*Message {
	ms := make([]Message, b.Count)
	all := make([]*Message, 0, b.Count)
	frames := make([][]byte, 0, len(b.Lens))
	first := 0
	for f, last := range b.Frames() {
		if frames = append(frames, f); last && len(all) < len(ms) {
			m := &ms[len(all)]
			m.Frames = frames[first:len(frames):len(frames)]
			if b.Routed {
				m.Envelope = uint32(EnvelopeOf(m.Frames))
			}
			all = append(all, m)
			first = len(frames)
		}
	}
	return all
}

// EnvelopeOf is how many leading frames of what a ROUTER received are its routing envelope: the
// identity; from a REQ also the empty frame behind it, and between the two the number that
// ZMQ_REQ_CORRELATE (four bytes) or Ask on a DEALER (thirteen, the first 0) puts there to find it in
// the reply, and the context of a trace (docs/traces.md).
func EnvelopeOf(frames [][]byte) int {
	end := 1
	if len(frames) > end+2 && isNumber(frames[end]) {
		end++
	}
	if len(frames) > end+2 && isContext(frames[end]) {
		end++
	}
	if len(frames) > end+1 && len(frames[end]) == 0 {
		return end + 1
	}
	return 1
}

func isNumber(f []byte) bool { return len(f) == 4 || len(f) == 13 && f[0] == 0 }

// isContext reports whether f is marked as the context of a trace, which has 59 to 255 bytes.
func isContext(f []byte) bool { return len(f) >= 59 && len(f) <= 255 && string(f[:4]) == "\x00W3C" }
