package zmqthread

import (
	"errors"
	"syscall"

	zmq "github.com/pebbe/zmq4"
)

// Class says what a failure of a socket calls for. docs/errors.md has every error number that
// ZeroMQ's calls return, with its class.
type Class int

const (
	// Transient failures may be gone the next time: an address in use, no descriptor left, a panic.
	Transient Class = iota
	// Wrong is what a restart would only repeat: an endpoint or an option that ZeroMQ refuses.
	Wrong
	// Gone is the end of everything around the socket: its context, its thread.
	Gone
)

func (c Class) String() string { return [...]string{"transient", "wrong", "gone"}[c] }

// Classed is an error that knows its class.
type Classed interface {
	error
	Class() Class
}

var classes = []struct {
	class  Class
	errors []error
}{
	{Gone, []error{ErrShutdown, zmq.ETERM, syscall.ENOTSOCK, syscall.EFAULT, zmq.ErrorContextClosed, zmq.ErrorSocketClosed}},
	{Wrong, []error{ErrConfig, ErrAdopted, syscall.EINVAL, syscall.EPROTONOSUPPORT, zmq.ENOCOMPATPROTO, zmq.EMTHREAD,
		syscall.ENOTSUP, syscall.EACCES, syscall.EPERM, syscall.EROFS, syscall.ENAMETOOLONG, syscall.ENOTDIR, syscall.ELOOP,
		syscall.EAFNOSUPPORT,
		zmq.ErrorNotImplemented405, zmq.ErrorNotImplemented41, zmq.ErrorNotImplemented42, zmq.ErrorNotImplementedWindows}},
}

// ClassOf classes an error: as it says itself if it is Classed, otherwise by the error number in it.
// What it does not know is transient.
func ClassOf(err error) Class {
	var c Classed
	if errors.As(err, &c) {
		return c.Class()
	}
	for _, c := range classes {
		for _, e := range c.errors {
			if errors.Is(err, e) {
				return c.class
			}
		}
	}
	return Transient
}
