package native

/*
#include "shim.h"
#cgo noescape sk_poll_fd
#cgo nocallback sk_poll_fd
*/
import "C"

import (
	"fmt"
	"syscall"

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
	for _, e := range p.events[:max(n, 0)] {
		if token, ok := p.tokens[e.Fd]; ok {
			ready(token)
		}
	}
	return nil
}

func (p *epoll) Close() error { return syscall.Close(p.fd) }
