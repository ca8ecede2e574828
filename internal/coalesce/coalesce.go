// Package coalesce is the wire format of Config.Coalesce: many messages as one of ZeroMQ's.
// docs/coalesce.md specifies it.
package coalesce

import (
	"bytes"
	"encoding/binary"

	"github.com/sockeye-mq/sockeye/messages"
)

// Version is the one that this package writes, and the only one that it reads.
const Version = 1

// Bounds of one coalesced message, so that a receiver knows what it is in for.
const (
	MaxFrames = 1024     // of all messages in it
	MaxBytes  = 64 << 10 // of both frames together
	// DataBytes is how much data there is room for beside an index of MaxFrames.
	DataBytes = MaxBytes - headerBytes - 4*MaxFrames
)

const headerBytes = 4

var header = [headerBytes]byte{'S', 'K', 'C', Version}

// Alone is the index of a message that travels by itself: its frames, and this as the last. It must
// not be changed.
var Alone = header[:]

// AppendIndex appends the index of messages that are packed as in a Batch.
func AppendIndex(to []byte, lens []uint32) []byte {
	to = append(to, header[:]...)
	for _, l := range lens {
		to = binary.LittleEndian.AppendUint32(to, l)
	}
	return to
}

// Error says why a message that was received is not a coalesced one. Its sender does not coalesce, or
// in a version that this one cannot read.
type Error struct{ Reason string }

func (e *Error) Error() string { return "not a coalesced message: " + e.Reason }

// Is lets errors.Is(err, messages.ErrMalformed) find it.
func (e *Error) Is(target error) bool { return target == messages.ErrMalformed }

var (
	errIndex   = &Error{"it has no index"}
	errVersion = &Error{"its index is of another version"}
	errLengths = &Error{"its index does not fit its data"}
	errBounds  = &Error{"it has more frames or bytes than one may have"}
)

// Decode makes of one received message in b the messages that it stands for, in place. After an error
// b is as it was.
func Decode(b *messages.Batch) error {
	n := len(b.Lens)
	if b.Count != 1 || n < 2 || b.Lens[n-1]&messages.More != 0 {
		return errIndex
	}
	at := len(b.Data) - int(b.Lens[n-1])
	index := b.Data[at:]
	switch {
	case len(index) < headerBytes || !bytes.Equal(index[:headerBytes-1], header[:headerBytes-1]):
		return errIndex
	case index[headerBytes-1] != Version:
		return errVersion
	case len(index) == headerBytes:
		b.Data, b.Lens = b.Data[:at], b.Lens[:n-1]
		b.Lens[n-2] &^= messages.More
		return nil
	}
	return unpack(b, index[headerBytes:], at)
}

// unpack reads an index. Its data is at bytes long.
func unpack(b *messages.Batch, index []byte, at int) error {
	frames := len(index) / 4
	switch {
	case len(b.Lens) != 2 || len(index)%4 != 0:
		return errLengths
	case frames > MaxFrames || len(b.Data) > MaxBytes:
		return errBounds
	}
	count, bytes := uint32(0), 0
	for i := range frames {
		l := binary.LittleEndian.Uint32(index[4*i:])
		bytes += int(l &^ messages.More)
		if l&messages.More == 0 {
			count++
		}
	}
	if bytes != at || binary.LittleEndian.Uint32(index[4*frames-4:])&messages.More != 0 {
		return errLengths
	}
	b.Lens = b.Lens[:0]
	for i := range frames {
		b.Lens = append(b.Lens, binary.LittleEndian.Uint32(index[4*i:]))
	}
	b.Data, b.Count = b.Data[:at], count
	return nil
}
