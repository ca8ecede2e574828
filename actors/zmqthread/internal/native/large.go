package native

/*
#include <stdlib.h>
#include "shim.h"
#cgo noescape sk_large_recv
#cgo nocallback sk_large_recv
#cgo noescape sk_large_piece
#cgo nocallback sk_large_piece
#cgo noescape sk_large_lens
#cgo nocallback sk_large_lens
#cgo noescape sk_large_first
#cgo nocallback sk_large_first
#cgo noescape sk_large_free
#cgo nocallback sk_large_free
*/
import "C"

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"unsafe"

	"github.com/sockeye-mq/sockeye/messages"
)

// Large is one received message that was not copied, for that takes long and the thread has other
// sockets: it is still in libzmq's memory, which belongs to no socket and to no thread. (libzmq
// hands messages from thread to thread itself; the memory is counted atomically, and
// zmq_msg_init_data(3) says that it may be freed by any thread.)
//
// Whoever gets one calls Batch or Free, once, and not on the ZeroMQ thread: closing 1 GiB takes 0.1 s.
type Large interface {
	// Size is how many bytes it is.
	Size() int
	// Glimpse is the first byte of its first frame, as if that were all. It does not take long.
	Glimpse() *messages.Batch
	// Batch copies it into a batch of one and frees it; nil if that was done before.
	Batch() *messages.Batch
	// Free frees it.
	Free()
}

// received counts the large messages that were neither copied nor freed.
var received atomic.Int64

// Received is how many large messages there are in libzmq's memory that a socket has received. One
// that was forgotten stays counted when the garbage collector has freed it.
func Received() int { return int(received.Load()) }

// large is a message's frames: small ones that were copied before a large one came, and the rest.
type large struct {
	data    []byte
	lens    []uint32
	rest    atomic.Pointer[C.sk_large] // C memory; nil: copied or freed
	size    int
	cleanup runtime.Cleanup
}

// recvLarge receives the rest of a message whose first frames are in data and lens and whose next
// is in f.msg. It returns nil if the message was larger than most, and had to be skipped.
func (f *fast) recvLarge(data []byte, lens []uint32, most int64) (Large, syscall.Errno) {
	o := &f.got
	rest := (*C.sk_large)(C.calloc(1, C.sizeof_sk_large))
	n := C.sk_large_recv(f.ptr, f.msg, C.int64_t(len(data)), C.int64_t(most), rest, o)
	runtime.KeepAlive(f.zmq)
	l := &large{data: slices.Clone(data), lens: slices.Clone(lens), size: len(data) + int(rest.bytes)}
	l.rest.Store(rest)
	l.cleanup = runtime.AddCleanup(l, func(rest *C.sk_large) { C.sk_large_free(rest) }, rest)
	received.Add(1)
	switch {
	case n != 0 || o.skipping != 0:
	case rest.skip != 0:
		o.skipped++
	default:
		return l, 0
	}
	o.skipping = 0
	go l.Free()
	return nil, syscall.Errno(n)
}

func (l *large) Size() int { return l.size }

func (l *large) Glimpse() *messages.Batch {
	rest := l.rest.Load()
	if rest == nil {
		return &messages.Batch{}
	}
	b := &messages.Batch{Count: 1}
	if len(l.lens) > 0 {
		b.Data = l.data[:min(1, l.lens[0]&^messages.More)]
	} else if first := C.sk_large_first(rest); first >= 0 {
		b.Data = []byte{byte(first)}
	}
	n := uint32(len(b.Data))
	if len(l.lens)+int(rest.n) > 1 {
		n |= messages.More
	}
	b.Lens = []uint32{n}
	return b
}

func (l *large) Batch() *messages.Batch {
	rest := l.rest.Swap(nil)
	if rest == nil {
		return nil
	}
	b := &messages.Batch{Lens: make([]uint32, len(l.lens)+int(rest.n)), Count: 1}
	C.sk_large_lens(rest, (*C.uint32_t)(unsafe.Pointer(&b.Lens[copy(b.Lens, l.lens)])))
	b.Data = l.copy(rest)
	l.release(rest)
	return b
}

// copy copies everything, a piece at a time. A strings.Builder has memory that nobody has cleared first,
// as make does, which takes half as long again as to write it; nobody else has the string.
func (l *large) copy(rest *C.sk_large) []byte {
	if l.size == 0 {
		return []byte{}
	}
	var all strings.Builder
	all.Grow(l.size)
	all.Write(l.data)
	var n C.size_t
	for at := C.sk_large_piece(rest, copyPiece, &n); at != nil; at = C.sk_large_piece(rest, copyPiece, &n) {
		all.Write(unsafe.Slice((*byte)(unsafe.Pointer(at)), int(n)))
		runtime.Gosched()
	}
	return unsafe.Slice(unsafe.StringData(all.String()), l.size)
}

// copyPiece is how many bytes are copied before other goroutines get their turn: one long copy would
// hold up the garbage collector if it were Go's, and a processor of Go's scheduler if it is C's.
const copyPiece = 256 << 10

func (l *large) Free() {
	if rest := l.rest.Swap(nil); rest != nil {
		l.release(rest)
	}
}

func (l *large) release(rest *C.sk_large) {
	l.cleanup.Stop()
	runtime.KeepAlive(l) // or the cleanup might run all the same
	C.sk_large_free(rest)
	received.Add(-1)
}

// uncopied is what sk_recv takes for "never".
func uncopied(limit Limit) C.int64_t {
	if limit.Copy == 0 {
		return math.MaxInt64
	}
	return C.int64_t(limit.Copy)
}
