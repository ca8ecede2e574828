package native

/*
#cgo pkg-config: libzmq
#cgo CFLAGS: -O2
#include <stdlib.h>
#include "shim.h"
#cgo noescape sk_send
#cgo nocallback sk_send
#cgo noescape sk_send_frame
#cgo nocallback sk_send_frame
#cgo noescape sk_build
#cgo nocallback sk_build
#cgo noescape sk_send_built
#cgo nocallback sk_send_built
#cgo noescape sk_recv
#cgo nocallback sk_recv
#cgo noescape sk_getint
#cgo nocallback sk_getint
*/
import "C"

import (
	"errors"
	"reflect"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	zmq "github.com/pebbe/zmq4"

	"github.com/sockeye-mq/sockeye/messages"
)

// fast is a socket whose messages go through the shim, many for one call.
type fast struct {
	plain
	typ  zmq.Type
	ptr  unsafe.Pointer // libzmq's socket; valid while plain.zmq is open
	msg  *C.zmq_msg_t   // C memory: a received frame that did not fit yet
	got  C.sk_got
	sent C.sk_sent
}

var errNoPointer = errors.New("pebbe/zmq4 keeps its native socket elsewhere")

// pointer digs libzmq's socket out of pebbe's, which does not export it. It checks name and kind;
// what it found must still pass selfTest.
func pointer(s *zmq.Socket) (unsafe.Pointer, error) {
	field := reflect.ValueOf(s).Elem().FieldByName("soc")
	if !field.IsValid() || field.Kind() != reflect.UnsafePointer {
		return nil, errNoPointer
	}
	ptr := field.UnsafePointer()
	if ptr == nil {
		return nil, zmq.ErrorSocketClosed
	}
	return ptr, nil
}

func newFast(s *zmq.Socket, t zmq.Type, real Real) (*fast, error) {
	ptr, err := pointer(s)
	if err != nil {
		return nil, err
	}
	f := &fast{plain: plain{zmq: s, fd: -1, real: real}, typ: t, ptr: ptr}
	f.msg = (*C.zmq_msg_t)(C.malloc(C.size_t(unsafe.Sizeof(C.zmq_msg_t{}))))
	C.zmq_msg_init(f.msg)
	f.plain.fd = f.option(C.ZMQ_FD)
	return f, nil
}

// selfTest proves that the pointer is libzmq's socket: its type must be the one that was asked for,
// read through the pointer and through pebbe.
func (f *fast) selfTest() bool {
	t, err := f.zmq.GetType()
	return err == nil && t == f.typ && f.option(C.ZMQ_TYPE) == int(f.typ) && f.plain.fd >= 0
}

func (f *fast) option(name C.int) int {
	var v C.int
	if C.sk_getint(f.ptr, name, &v) != 0 {
		return -1
	}
	return int(v)
}

func (f *fast) Send(data []byte, lens []uint32, most int, bytes int64) Sent {
	if len(lens) == 0 || most <= 0 {
		return Sent{}
	}
	C.sk_send(f.ptr, (*C.char)(unsafe.Pointer(unsafe.SliceData(data))),
		(*C.uint32_t)(unsafe.Pointer(&lens[0])), C.int(len(lens)), C.int(most), C.int64_t(bytes), &f.sent)
	runtime.KeepAlive(f.zmq) // pebbe's finalizer would close it
	o := &f.sent
	return Sent{int(o.messages), int(o.frames), int(o.bytes), syscall.Errno(o.err)}
}

// SendFrames does not copy large frames; see pin.go.
func (f *fast) SendFrames(frames [][]byte) (out Sent) {
	// What cannot be sent now is not worth the trouble. A ROUTER, though, says POLLOUT for any peer.
	if e, err := f.Events(); f.typ != zmq.ROUTER && err == nil && e&zmq.POLLOUT == 0 {
		return Sent{Errno: syscall.EAGAIN}
	}
	defer pinned.reap()
	msgs := (*C.zmq_msg_t)(C.malloc(C.size_t(len(frames)) * C.size_t(unsafe.Sizeof(C.zmq_msg_t{}))))
	defer C.free(unsafe.Pointer(msgs))
	build := builder{msgs: msgs}
	for i, data := range frames {
		if n := build.add(i, data); n != 0 {
			C.sk_close_all(msgs, C.int(i))
			return Sent{Errno: n}
		}
	}
	C.sk_send_built(f.ptr, msgs, C.int(len(frames)), &f.sent)
	C.sk_close_all(msgs, C.int(len(frames))) // those that were sent are empty
	runtime.KeepAlive(f.zmq)
	o := &f.sent
	return Sent{int(o.messages), int(o.frames), int(o.bytes), syscall.Errno(o.err)}
}

// frame sends one frame.
func (f *fast) frame(data []byte, more bool) syscall.Errno {
	m := C.int(0)
	if more {
		m = 1
	}
	n := C.sk_send_frame(f.ptr, (*C.char)(unsafe.Pointer(unsafe.SliceData(data))), C.size_t(len(data)), m)
	runtime.KeepAlive(f.zmq)
	return syscall.Errno(n)
}

func (f *fast) Recv(b *messages.Batch, limit Limit) Got {
	o := &f.got
	*o = C.sk_got{holds: o.holds, skipping: o.skipping}
	data, lens, most := b.Data[:cap(b.Data)], b.Lens[:cap(b.Lens)], min(limit.Message, messages.MaxFrame)
	for {
		C.sk_recv(f.ptr, f.msg, (*C.char)(unsafe.Pointer(unsafe.SliceData(data))), C.int64_t(len(data)),
			(*C.uint32_t)(unsafe.Pointer(unsafe.SliceData(lens))), C.int(len(lens)),
			C.int(limit.Messages), C.int64_t(limit.Bytes), C.int64_t(most), uncopied(limit), o)
		if o.need == 0 || o.messages > 0 && o.partial_frames == o.frames {
			break // a message that does not fit behind others waits in msg for the next call
		}
		data = grow(data, int(o.partial_bytes), int(o.need))
		lens = grow(lens, int(o.partial_frames), 1)
	}
	runtime.KeepAlive(f.zmq)
	b.Data, b.Lens, b.Count = data[:o.bytes], lens[:o.frames], uint32(o.messages)
	got := Got{Errno: syscall.Errno(o.err)}
	if o.large != 0 {
		got.Large, got.Errno = f.recvLarge(data[o.bytes:o.partial_bytes], lens[o.frames:o.partial_frames], most)
	}
	got.Skipped = int(o.skipped)
	return got
}

// grow returns s with its first used elements and room for at least need more; it is as long as
// its capacity.
func grow[E any](s []E, used, need int) []E {
	if used+need <= len(s) {
		return s
	}
	t := append(make([]E, 0, used+need+used/2), s[:used]...)
	return t[:cap(t)]
}

func (f *fast) Events() (zmq.State, error) {
	var v C.int
	n := C.sk_getint(f.ptr, C.ZMQ_EVENTS, &v)
	runtime.KeepAlive(f.zmq)
	return zmq.State(v), Error(syscall.Errno(n))
}

func (f *fast) Close(linger time.Duration) error {
	f.free()
	return f.plain.Close(linger)
}

func (f *fast) free() {
	if f.msg != nil {
		C.zmq_msg_close(f.msg)
		C.free(unsafe.Pointer(f.msg))
		f.msg = nil
	}
}
