package native

/*
#include <sched.h>
#include <sys/epoll.h>
#include <time.h>
#include "shim.h"

// sk_spin returns how many events there are, 0 when news has come instead, -1 when neither has in time.
static int sk_spin(int epoll, const uint32_t *news, int64_t ns, struct epoll_event *events, int most)
{
    struct timespec now;
    int64_t end = 0;
    for (;;) {
        int n = epoll_wait(epoll, events, most, 0);
        if (n > 0)
            return n;
        if (__atomic_load_n(news, __ATOMIC_ACQUIRE) != 0)
            return 0;
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t at = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
        if (end == 0)
            end = at + ns;
        else if (at > end)
            return -1;
        sched_yield();
    }
}
#cgo noescape sk_spin
#cgo nocallback sk_spin
#cgo noescape sk_poll_fd
#cgo nocallback sk_poll_fd
*/
import "C"

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"

	zmq "github.com/pebbe/zmq4"
)

// epoll is an epoll set of every socket's ZMQ_FD, and zmq_poll on that one descriptor: what a wait
// costs depends on what is active, not on what is open (facts Z3).
type epoll struct {
	fd     int
	tokens map[int32]any
	events [256]syscall.EpollEvent
}

func newPoller() (Poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return &epoll{fd: fd, tokens: map[int32]any{}}, nil
}

func (p *epoll) Add(s Socket, token any) error {
	fd := int32(s.FD())
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: fd}
	if err := syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_ADD, int(fd), &event); err != nil {
		return fmt.Errorf("epoll add: %w", err)
	}
	p.tokens[fd] = token
	return nil
}

func (p *epoll) Want(Socket, zmq.State) {}

func (p *epoll) Remove(s Socket) {
	delete(p.tokens, int32(s.FD()))
	syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_DEL, s.FD(), nil)
}

func (p *epoll) Wait(block bool, ready func(any)) error {
	if block {
		if n := C.sk_poll_fd(C.int(p.fd), -1); n != 0 {
			return fmt.Errorf("zmq_poll: %w", Error(syscall.Errno(n)))
		}
	}
	n, err := syscall.EpollWait(p.fd, p.events[:], 0)
	if err != nil && err != syscall.EINTR {
		return fmt.Errorf("epoll wait: %w", err)
	}
	p.report(n, ready)
	return nil
}

func (p *epoll) report(n int, ready func(any)) {
	for _, e := range p.events[:max(n, 0)] {
		if token, ok := p.tokens[e.Fd]; ok {
			ready(token)
		}
	}
}

// Spin implements Spinner.
func (p *epoll) Spin(limit time.Duration, news *uint32, ready func(any)) (found bool) {
	n := C.sk_spin(C.int(p.fd), (*C.uint32_t)(news), C.int64_t(limit),
		(*C.struct_epoll_event)(unsafe.Pointer(&p.events[0])), C.int(len(p.events)))
	p.report(int(n), ready)
	return n >= 0
}

func (p *epoll) Close() error { return syscall.Close(p.fd) }
