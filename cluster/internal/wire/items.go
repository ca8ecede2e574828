package wire

import (
	"encoding/binary"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sockeye-mq/sockeye/messages"
)

// An item is one message to an actor:
//
//	flags      1 byte
//	type       a name's number from 1 on, or 0 and the name, which gets the next
//	target     the same, of ids of the receiving system; its RequestId if flagTarget
//	sender     if flagSender: the same, of PIDs, each an address and an id; its RequestId if flagRequest
//	headers    if flagHeaders: how many, then a key and a value each
//	payload    its length, and the protobuf encoding
//
// All numbers are varints, a string is its length and its bytes. Names are numbered within one frame.
const (
	flagSystem  = 1 << iota // Watch, Unwatch, Stop or Terminated, as such
	flagSender              // there is a sender
	flagHeaders             // there are headers
	flagTarget              // the target's PID has a RequestId
	flagRequest             // the sender's has

	allFlags  = 1<<5 - 1
	leastItem = 4 // bytes
)

// item is one message on its way.
type item struct {
	system  bool
	typ     string // of the payload
	target  *actor.PID
	sender  *actor.PID
	headers map[string]string
	payload []byte
	plain   *messages.Message // instead of payload, of what is sent; see plain.go
	length  int               // of plain's encoding
}

// encoded is the length of its payload.
func (it *item) encoded() int {
	if it.plain != nil {
		return it.length
	}
	return len(it.payload)
}

// size is at least what the item takes in a frame, but for some numbers.
func (it *item) size() int {
	n := it.encoded() + len(it.typ) + len(it.target.Id) + 16
	if it.sender != nil {
		n += len(it.sender.Address) + len(it.sender.Id)
	}
	if len(it.headers) > 0 {
		for k, v := range it.headers {
			n += len(k) + len(v) + 4
		}
	}
	return n
}

// writer appends items to a frame.
type writer struct {
	types, targets names
	senders        names
	addresses      []string
}

// names numbers strings. It looks back a little only: a string may have several numbers.
type names struct{ all []string }

const lookBack = 8

// reset forgets the names, for the next frame, and keeps the room for them.
func (w *writer) reset() {
	for _, all := range []*[]string{&w.types.all, &w.targets.all, &w.senders.all, &w.addresses} {
		clear(*all)
		*all = (*all)[:0]
	}
}

// find returns the number of s, from 1 on, or 0 if it is to be written out, and then it has the next.
func (n *names) find(s string) int {
	for i := len(n.all) - 1; i >= max(0, len(n.all)-lookBack); i-- {
		if n.all[i] == s {
			return i + 1
		}
	}
	n.all = append(n.all, s)
	return 0
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func (n *names) write(b []byte, s string) []byte {
	at := n.find(s)
	b = binary.AppendUvarint(b, uint64(at))
	if at == 0 {
		b = appendString(b, s)
	}
	return b
}

// writeSender is write for PIDs.
func (w *writer) writeSender(b []byte, address, id string) []byte {
	n := &w.senders
	for i := len(n.all) - 1; i >= max(0, len(n.all)-lookBack); i-- {
		if n.all[i] == id && w.addresses[i] == address {
			return binary.AppendUvarint(b, uint64(i+1))
		}
	}
	n.all, w.addresses = append(n.all, id), append(w.addresses, address)
	return appendString(appendString(append(b, 0), address), id)
}

// append appends an item to b.
func (w *writer) append(b []byte, it *item) []byte {
	flags, at := byte(0), len(b)
	b = append(b, 0)
	b = w.types.write(b, it.typ)
	b = w.targets.write(b, it.target.Id)
	if it.system {
		flags |= flagSystem
	}
	if r := it.target.RequestId; r != 0 {
		flags |= flagTarget
		b = binary.AppendUvarint(b, uint64(r))
	}
	if s := it.sender; s != nil {
		flags |= flagSender
		b = w.writeSender(b, s.Address, s.Id)
		if s.RequestId != 0 {
			flags |= flagRequest
			b = binary.AppendUvarint(b, uint64(s.RequestId))
		}
	}
	if len(it.headers) > 0 {
		flags |= flagHeaders
		b = binary.AppendUvarint(b, uint64(len(it.headers)))
		for k, v := range it.headers {
			b = appendString(appendString(b, k), v)
		}
	}
	b[at] = flags
	b = binary.AppendUvarint(b, uint64(it.encoded()))
	if it.plain != nil {
		return appendPlain(b, it.plain)
	}
	return append(b, it.payload...)
}
