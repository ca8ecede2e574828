package native

/*
#include <stdlib.h>
#include "shim.h"
#cgo nocallback sk_build_pinned
#cgo noescape sk_take_freed
#cgo nocallback sk_take_freed
*/
import "C"

import (
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"github.com/sockeye-mq/sockeye/messages"
)

// A large frame is sent from where it is: a copy is a page fault for every 4 KiB, 35 ms for 64 MiB,
// and the thread has other sockets. What libzmq sends from must stay where it is until libzmq says
// that it is done, on whichever of its threads and whenever that is: after the far side has read,
// after a linger, when a receiver in the same context closes the message that it got over inproc.
//
//	the ZeroMQ thread               libzmq                      whoever reaps
//	pin, zmq_msg_init_data ------>  sends, closes the message
//	                                push_freed: onto a list --> takes the list, unpins
//
// There are three who reap. The next SendFrames, so that a stream keeps no more pinned than libzmq
// holds. A timer that runs as long as anything is pinned, so that the last message of a stream does
// not stay pinned with a thread that sleeps. The end of a context, by when libzmq has let go of
// everything except what is still in a receiver's hands.
//
// What libzmq never gives back: the first frames of a message that its peer's death cuts in the
// middle. process_pipe_term (pipe.cpp, 4.3.4) forgets the pipe that they are in before anybody can
// roll them back. It leaks them when they are copied, too. One frame by itself cannot be cut.

// pinned are the frames of all sockets of the process.
var pinned = pins{held: map[*C.sk_pin]*runtime.Pinner{}}

type pins struct {
	mu      sync.Mutex
	held    map[*C.sk_pin]*runtime.Pinner // guarded by mu
	looking bool                          // guarded by mu: the timer is set
}

// How long the timer waits: the longer, the longer libzmq has freed nothing.
const (
	firstLook = time.Millisecond
	lastLook  = 100 * time.Millisecond
)

// pin keeps data where it is until libzmq has called push_freed with what it returns. A frame that
// is not on the Go heap needs no pin and gets none, but it is counted all the same.
func (p *pins) pin(data []byte) *C.sk_pin {
	pinner := &runtime.Pinner{}
	pinner.Pin(unsafe.SliceData(data))
	at := (*C.sk_pin)(C.malloc(C.sizeof_sk_pin))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held[at] = pinner
	if !p.looking {
		p.looking = true
		p.lookIn(firstLook)
	}
	return at
}

func (p *pins) lookIn(pause time.Duration) {
	time.AfterFunc(pause, func() {
		n := p.reap()
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.looking = len(p.held) > 0; !p.looking {
			return
		}
		if n > 0 {
			pause = firstLook
		}
		p.lookIn(min(2*pause, lastLook))
	})
}

// reap unpins what libzmq is done with. From any goroutine.
func (p *pins) reap() (n int) {
	for at := C.sk_take_freed(); at != nil; n++ {
		next := at.next
		p.unpin(at)
		at = next
	}
	return n
}

func (p *pins) unpin(at *C.sk_pin) {
	p.mu.Lock()
	pinner := p.held[at]
	delete(p.held, at)
	p.mu.Unlock()
	pinner.Unpin()
	C.free(unsafe.Pointer(at))
}

// Pinned is how many frames libzmq is sending from the sender's memory at the moment.
func Pinned() int {
	pinned.reap()
	pinned.mu.Lock()
	defer pinned.mu.Unlock()
	return len(pinned.held)
}

const (
	// A frame of up to copyFrame bytes is copied. More than messages.RoomBytes cannot lie in a
	// Batch's pooled room, which a receiver that has sent it on may Release at any time.
	copyFrame = messages.RoomBytes
	// But of one message no more than copyMessage bytes are copied; behind them only what is
	// cheaper to copy than to pin.
	copyMessage = 1 << 20
	copyAlways  = 4 << 10
)

// builder makes a message's frames into libzmq's.
type builder struct {
	msgs   *C.zmq_msg_t
	copied int
}

func (b *builder) add(i int, data []byte) syscall.Errno {
	at, size := (*C.char)(unsafe.Pointer(unsafe.SliceData(data))), C.size_t(len(data))
	if len(data) <= copyAlways || len(data) <= copyFrame && b.copied+len(data) <= copyMessage {
		b.copied += len(data)
		return syscall.Errno(C.sk_build(b.msgs, C.int(i), at, size))
	}
	pin := pinned.pin(data)
	n := C.sk_build_pinned(b.msgs, C.int(i), at, size, pin)
	if n != 0 {
		pinned.unpin(pin) // libzmq has not got it
	}
	return syscall.Errno(n)
}
