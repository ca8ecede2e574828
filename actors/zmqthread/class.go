package zmqthread

import (
	"errors"
	"syscall"

	zmq "github.com/pebbe/zmq4"
)

// Class says what a failure of a socket calls for.
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

var classes = []struct {
	class  Class
	errors []error
}{
	{Gone, []error{ErrShutdown, zmq.ETERM, syscall.ENOTSOCK}},
	{Wrong, []error{ErrConfig, ErrAdopted, syscall.EINVAL, syscall.EPROTONOSUPPORT, zmq.ENOCOMPATPROTO,
		syscall.ENOTSUP, syscall.EACCES, syscall.EPERM, syscall.ENAMETOOLONG}},
}

// ClassOf classes an error by the error number in it. What it does not know is transient.
func ClassOf(err error) Class {
	for _, c := range classes {
		for _, e := range c.errors {
			if errors.Is(err, e) {
				return c.class
			}
		}
	}
	return Transient
}
