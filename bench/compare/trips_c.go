package main

/*
#cgo pkg-config: libzmq
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

// Calls that a signal interrupted are made again: Go sends its threads one to preempt them.
static int take(void *socket, char *buf, size_t size) {
	int n;
	do n = zmq_recv(socket, buf, size, 0); while (n < 0 && zmq_errno() == EINTR);
	return n;
}

static int give(void *socket, const char *buf, size_t size) {
	int n;
	do n = zmq_send(socket, buf, size, 0); while (n < 0 && zmq_errno() == EINTR);
	return n;
}

// reply answers each request with itself. It returns only on an error, which is that of the context's end.
static int reply(void *socket, size_t size) {
	char *buf = malloc(size);
	int n = 0;
	while (n >= 0) {
		n = take(socket, buf, size);
		if (n >= 0) n = give(socket, buf, n);
	}
	free(buf);
	return zmq_errno();
}

static int64_t now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

// trips sends count requests of size bytes, which lie one behind the other, and writes how many
// nanoseconds each took. -1: the errno is set; -2: a reply is not the request.
static int trips(void *socket, const char *requests, size_t size, int count, int64_t *took) {
	char *buf = malloc(size);
	int rc = 0;
	for (int i = 0; i < count && rc == 0; i++) {
		const char *request = requests + size * i;
		int64_t begin = now();
		if (give(socket, request, size) < 0) rc = -1;
		int n = rc == 0 ? take(socket, buf, size) : -1;
		took[i] = now() - begin;
		if (n < 0) rc = -1;
		else if ((size_t)n != size || memcmp(buf, request, size) != 0) rc = -2;
	}
	free(buf);
	return rc;
}
*/
import "C"

import (
	"fmt"
	"runtime"
	"time"
	"unsafe"
)

// blocking is libzmq as a C program uses it: blocking calls in C, and not a line of Go between the
// first trip and the last. libzmq's own tool has no percentiles.
type blocking struct{ ctx unsafe.Pointer }

func newBlockingC() (asker, error) { return &blocking{C.zmq_ctx_new()}, nil }

func zmqError(what string) error {
	return fmt.Errorf("%s: %s", what, C.GoString(C.zmq_strerror(C.zmq_errno())))
}

func (b *blocking) serve(at string, bound func(string)) error {
	runtime.LockOSThread()
	s := C.zmq_socket(b.ctx, C.ZMQ_REP)
	where := C.CString(at)
	defer C.free(unsafe.Pointer(where))
	if C.zmq_bind(s, where) != 0 {
		return zmqError("bind " + at)
	}
	var last [256]C.char
	n := C.size_t(len(last))
	if C.zmq_getsockopt(s, C.ZMQ_LAST_ENDPOINT, unsafe.Pointer(&last), &n) != 0 {
		return zmqError("last endpoint")
	}
	bound(C.GoString(&last[0]))
	C.reply(s, 1<<16)
	return zmqError("reply")
}

func (b *blocking) ask(at string, t *journey) error {
	runtime.LockOSThread()
	s := C.zmq_socket(b.ctx, C.ZMQ_REQ)
	defer C.zmq_close(s)
	where := C.CString(at)
	defer C.free(unsafe.Pointer(where))
	if C.zmq_connect(s, where) != 0 {
		return zmqError("connect " + at)
	}
	n := warmUp + int(t.count)
	requests := make([]byte, n*t.size)
	for i := range n {
		t.write(requests[i*t.size:(i+1)*t.size], uint64(i))
	}
	took := make([]int64, n)
	switch C.trips(s, (*C.char)(unsafe.Pointer(&requests[0])), C.size_t(t.size), C.int(n), (*C.int64_t)(unsafe.Pointer(&took[0]))) {
	case -1:
		return zmqError("trip")
	case -2:
		return errOtherReply
	}
	for _, ns := range took[warmUp:] {
		t.took = append(t.took, time.Duration(ns))
	}
	return nil
}

func (b *blocking) close() error { return nil }
