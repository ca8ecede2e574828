package wire

import (
	"encoding/binary"
	"errors"
)

// A frame is one ZeroMQ message of one frame. Numbers are big-endian.
//
//	all      magic 2, version 1, kind 1
//	hello    proof 16, token 16, session 8, yours 8, incarnation 8, most 8, messages 4, bytes 8, flags 1, from, to
//	others   token 16, session 8, yours 8, ack 8, first 8, count 4, then items (see items.go)
//
// token in a hello is what its receiver must show from now on; in others, and as proof, what the receiver
// has given to the sender. session is the sender's number for the session, yours the receiver's, as far as
// the sender knows it. ack is how many messages of the receiver's have been given to mailboxes.
const (
	magic0, magic1 = 's', 0x9b
	version        = 1

	kindHello = 1
	kindData  = 2 // first is the number of the first item's message, from 0 on in every session, count how many
	kindBeat  = 3 // first is how many messages were sent, count holds flags
	kindBye   = 4 // the sender is being shut down

	prologue   = 4
	headerSize = prologue + 16 + 8 + 8 + 8 + 8 + 4
	helloFixed = prologue + 16 + 16 + 8 + 8 + 8 + 8 + 4 + 8 + 1
)

const (
	flagResend = 1 // in a beat: something is missing behind ack
	flagUp     = 1 // in a hello: the sender is in this session already
)

// token is a secret by which a peer is known.
type token [16]byte

// header is what all frames but hellos begin with.
type header struct {
	kind           byte
	token          token
	session, yours uint64
	ack, first     uint64
	count          uint32
}

// hello introduces a system.
type hello struct {
	proof, token   token
	session, yours uint64
	incarnation    uint64
	most           int64 // largest message that it takes
	messages       int   // its window
	bytes          int64
	up             bool
	from, to       string
}

// put writes h to the beginning of b, which has the room.
func (h *header) put(b []byte) {
	b[0], b[1], b[2], b[3] = magic0, magic1, version, h.kind
	copy(b[4:], h.token[:])
	be := binary.BigEndian
	be.PutUint64(b[20:], h.session)
	be.PutUint64(b[28:], h.yours)
	be.PutUint64(b[36:], h.ack)
	be.PutUint64(b[44:], h.first)
	be.PutUint32(b[52:], h.count)
}

func (h *header) frame() []byte {
	b := make([]byte, headerSize)
	h.put(b)
	return b
}

func (h *hello) frame() []byte {
	b := make([]byte, 0, helloFixed+4+len(h.from)+len(h.to))
	b = append(b, magic0, magic1, version, kindHello)
	b = append(append(b, h.proof[:]...), h.token[:]...)
	be := binary.BigEndian
	for _, n := range []uint64{h.session, h.yours, h.incarnation, uint64(h.most)} {
		b = be.AppendUint64(b, n)
	}
	b = be.AppendUint64(be.AppendUint32(b, uint32(h.messages)), uint64(h.bytes))
	flags := byte(0)
	if h.up {
		flags = flagUp
	}
	b = append(b, flags)
	for _, s := range []string{h.from, h.to} {
		b = append(be.AppendUint16(b, uint16(len(s))), s...)
	}
	return b
}

var errShort = errors.New("too short")

// kindOf checks the first bytes of a frame.
func kindOf(b []byte) (byte, error) {
	switch {
	case len(b) < prologue:
		return 0, malformed("a frame of %d bytes", len(b))
	case b[0] != magic0 || b[1] != magic1:
		return 0, malformed("it does not begin as a frame does")
	case b[2] != version:
		return 0, malformed("version %d of the protocol", b[2])
	case b[3] < kindHello || b[3] > kindBye:
		return 0, malformed("kind %d of frame", b[3])
	}
	return b[3], nil
}

// decodeHeader reads the header of a frame that is no hello, and returns the items behind it. The error is a
// *FrameError.
func decodeHeader(b []byte) (h header, items []byte, err error) {
	h.kind, err = kindOf(b)
	switch {
	case err != nil:
		return h, nil, err
	case h.kind == kindHello:
		return h, nil, malformed("a hello")
	case len(b) < headerSize:
		return h, nil, malformed("header: %w", errShort)
	}
	copy(h.token[:], b[4:])
	be := binary.BigEndian
	h.session, h.yours = be.Uint64(b[20:]), be.Uint64(b[28:])
	h.ack, h.first, h.count = be.Uint64(b[36:]), be.Uint64(b[44:]), be.Uint32(b[52:])
	items = b[headerSize:]
	switch {
	case h.kind != kindData && len(items) > 0:
		return h, nil, malformed("%d bytes behind it", len(items))
	case h.kind == kindData && (h.count == 0 || uint64(h.count)*leastItem > uint64(len(items))):
		return h, nil, malformed("%d messages in %d bytes", h.count, len(items))
	case h.kind == kindData && h.first+uint64(h.count) < h.first:
		return h, nil, malformed("the numbers of its messages overflow")
	}
	return h, items, nil
}

// decodeHello reads a hello. The error is a *FrameError.
func decodeHello(b []byte) (*hello, error) {
	if kind, err := kindOf(b); err != nil {
		return nil, err
	} else if kind != kindHello || len(b) < helloFixed {
		return nil, malformed("hello: %w", errShort)
	}
	h := &hello{}
	copy(h.proof[:], b[4:])
	copy(h.token[:], b[20:])
	be := binary.BigEndian
	h.session, h.yours, h.incarnation = be.Uint64(b[36:]), be.Uint64(b[44:]), be.Uint64(b[52:])
	h.most = int64(be.Uint64(b[60:]))
	window, bytes := be.Uint32(b[68:]), be.Uint64(b[72:])
	h.up = b[80]&flagUp != 0
	rest := b[helloFixed:]
	for _, s := range []*string{&h.from, &h.to} {
		if len(rest) < 2 || len(rest) < 2+int(be.Uint16(rest)) {
			return nil, malformed("hello: %w", errShort)
		}
		n := 2 + int(be.Uint16(rest))
		*s, rest = string(rest[2:n]), rest[n:]
		if !goodName(*s) || *s == nowhere {
			return nil, malformed("hello: %.100q is no address", *s)
		}
	}
	if len(rest) > 0 || h.session == 0 || h.most <= 0 || h.most > mostMessage ||
		window == 0 || window > 1<<30 || bytes == 0 || bytes > 1<<40 || h.token == (token{}) {
		return nil, malformed("hello: a field has no possible value")
	}
	h.messages, h.bytes = int(window), int64(bytes)
	return h, nil
}

// nowhere is the address of a system that has none (Proto.Actor).
const nowhere = "nonhost"
