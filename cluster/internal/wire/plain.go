package wire

import (
	"encoding/binary"

	"github.com/sockeye-mq/sockeye/messages"
)

// What sockets take and deliver is the *messages.Message. Nearly everything on a Wire is one, and protobuf's
// reflection costs more than all the rest that is done for it: so it is written and read here, in protobuf's
// own encoding (messages.proto). What is not as it is written here is left to protobuf.

// plainType is its name.
const plainType = "sockeye.messages.Message"

// The keys of its fields: number and wire type.
const (
	keyFrame    = 1<<3 | 2 // length and bytes
	keyEnvelope = 2 << 3   // varint
	keyRequest  = 3 << 3   // varint
)

// plainSize is the length of m's encoding.
func plainSize(m *messages.Message) (n int) {
	for _, f := range m.Frames {
		n += 1 + uvarintSize(uint64(len(f))) + len(f)
	}
	if m.Envelope != 0 {
		n += 1 + uvarintSize(uint64(m.Envelope))
	}
	if m.Request != 0 {
		n += 1 + uvarintSize(uint64(m.Request))
	}
	return n
}

func uvarintSize(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// appendPlain appends m's encoding to b.
func appendPlain(b []byte, m *messages.Message) []byte {
	for _, f := range m.Frames {
		b = append(binary.AppendUvarint(append(b, keyFrame), uint64(len(f))), f...)
	}
	if m.Envelope != 0 {
		b = binary.AppendUvarint(append(b, keyEnvelope), uint64(m.Envelope))
	}
	if m.Request != 0 {
		b = binary.AppendUvarint(append(b, keyRequest), uint64(m.Request))
	}
	return b
}

// slab is the memory that the messages of a parcel are made of, some at a time: whoever keeps one message keeps no
// more than slabMessages of them, and slabBytes of their bytes. The zero value is ready. One goroutine uses it.
type slab struct {
	messages []slot
	bytes    []byte
}

// slot is a message, and its frame if it has only one.
type slot struct {
	message messages.Message
	frame   [1][]byte
}

const (
	slabMessages = 32
	slabBytes    = 4 << 10
	slabLargest  = 1 << 10 // bytes of a frame; a larger one has its own memory
)

// plain decodes a message, of which as many are still to come, in so many bytes; nil: ask protobuf, it may know
// what is wrong with it, or what else is in it.
func (s *slab) plain(payload []byte, still, rest int) *messages.Message {
	frames, ok := framesIn(payload)
	if !ok {
		return nil
	}
	if len(s.messages) == 0 {
		s.messages = make([]slot, max(1, min(still, slabMessages)))
	}
	m := &s.messages[0]
	s.messages = s.messages[1:]
	switch frames {
	case 0:
	case 1:
		m.message.Frames = m.frame[:0:1]
	default:
		m.message.Frames = make([][]byte, 0, frames)
	}
	for b := payload; len(b) > 0; {
		v, n := binary.Uvarint(b[1:])
		key := b[0]
		b = b[1+n:]
		switch key {
		case keyFrame:
			m.message.Frames = append(m.message.Frames, s.copy(b[:v], rest))
			b = b[v:]
		case keyEnvelope:
			m.message.Envelope = uint32(v)
		case keyRequest:
			m.message.Request = uint32(v)
		}
	}
	return &m.message
}

// framesIn counts the frames of an encoded message, and reports whether it is as plain reads it.
func framesIn(b []byte) (frames int, ok bool) {
	for len(b) > 0 {
		v, n := binary.Uvarint(b[1:])
		if n <= 0 {
			return 0, false
		}
		switch key := b[0]; {
		case key == keyFrame && v <= uint64(len(b)-1-n):
			frames++
			n += int(v)
		case key != keyEnvelope && key != keyRequest:
			return 0, false
		}
		b = b[1+n:]
	}
	return frames, true
}

// copy copies a frame.
func (s *slab) copy(frame []byte, rest int) []byte {
	n := len(frame)
	if n == 0 || n > slabLargest {
		return append([]byte{}, frame...)
	}
	if n > len(s.bytes) {
		s.bytes = make([]byte, max(n, min(rest, slabBytes)))
	}
	c := s.bytes[:n:n]
	copy(c, frame)
	s.bytes = s.bytes[n:]
	return c
}
