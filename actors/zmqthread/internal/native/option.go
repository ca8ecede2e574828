package native

/*
#include "shim.h"
static int sk_setint(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof value) == 0 ? 0 : zmq_errno();
}
*/
import "C"

import (
	"runtime"
	"syscall"

	zmq "github.com/pebbe/zmq4"
)

// SetInt sets an option that takes an int on pebbe's socket.
func SetInt(s *zmq.Socket, option, value int) error {
	ptr, err := pointer(s)
	if err != nil {
		return err
	}
	var is C.int
	want, err := s.GetType()
	if err != nil {
		return Wrap(err)
	}
	if C.sk_getint(ptr, C.ZMQ_TYPE, &is) != 0 || zmq.Type(is) != want { // see selfTest
		return errNoPointer
	}
	n := syscall.EINTR
	for n == syscall.EINTR {
		n = syscall.Errno(C.sk_setint(ptr, C.int(option), C.int(value)))
	}
	runtime.KeepAlive(s) // pebbe's finalizer would close it
	return Error(n)
}
